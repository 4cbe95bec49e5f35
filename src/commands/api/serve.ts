/** `km api serve`: kilometers-api, until it is asked to end. */
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeAdminKey } from "../../backend/first-start.ts";
import { type LogFields, writeLog } from "../../backend/access-log.ts";
import { untilAsked } from "../../backend/drain.ts";
import { DEFAULT_LISTEN, type ListenAddress, readListenAddress } from "../../backend/listen-address.ts";
import { type MetricsServer, serveMetrics } from "../../backend/metrics-server.ts";
import { type Bucket, isBucketAddress, readBucket } from "../../backend/packages/bucket-address.ts";
import { type OpenService, openService } from "../../backend/service.ts";
import { openServiceLog } from "../../backend/service-log.ts";
import { isLoopback } from "../../backend/hosts.ts";
import { type Args, defineCommand, type Flags } from "../../command.ts";
import { paths } from "../../context.ts";
import { builtApp } from "../../dashboard/app-files.ts";
import { KmError, messageOf, systemReason } from "../../errors.ts";
import { stdout } from "../../output.ts";
import { DEFAULT_ROTATION, RotatingFile } from "../../process/rotating-file.ts";
import { openDatabase } from "../../store/database.ts";
import { migrate } from "../../store/migrate.ts";
import { VERSION } from "../../version.ts";
import { say as tell } from "../say.ts";

const STDERR = 2;
/** For whoever sends requests to notice that this one is not ready any more. */
const LEAD_MS = 500;
/** For requests that are being answered. */
const PATIENCE_MS = 30_000;

const FLAGS = {
  listen: { type: "string", valueHint: "host:port", description: `Where to listen; default: ${DEFAULT_LISTEN}` },
  database: {
    type: "string",
    valueHint: "url",
    description: "postgres://... or sqlite:///absolute/path; default: km.db in the folder of --data",
  },
  "database-password-file": {
    type: "string",
    valueHint: "file",
    description: "File with PostgreSQL's password, in place of one in the URL",
    complete: "file",
  },
  data: { type: "string", valueHint: "folder", description: "Folder of what the service keeps", complete: "folder" },
  packages: {
    type: "string",
    valueHint: "place",
    description: "Where packages are kept: a folder, or s3://bucket/prefix; default: packages in the folder of --data",
    complete: "file",
  },
  "signing-key": {
    type: "string",
    valueHint: "file",
    description: "File with an Ed25519 key to sign tokens with, in place of one that the database keeps",
    complete: "file",
  },
  "package-key": {
    type: "string",
    valueHint: "file",
    description: "File with a key to sign packages with for customers, in place of one that the database keeps",
    complete: "file",
  },
  "public-url": {
    type: "string",
    valueHint: "url",
    description: "Where others reach the service, such as https://km.example.com",
  },
  "trusted-proxies": {
    type: "string",
    valueHint: "count",
    description: "How many proxies stand before it, each of which adds to X-Forwarded-For",
  },
  host: {
    type: "string",
    repeat: true,
    valueHint: "name",
    description: "One more name under which it may be asked for",
  },
  "metrics-listen": {
    type: "string",
    valueHint: "host:port",
    description: "Where to give out metrics, which are otherwise at /metrics for this machine alone",
  },
  "log-file": {
    type: "string",
    valueHint: "file",
    description: `Write the log into this file, and not to stderr; beyond ${DEFAULT_ROTATION.maxBytes >> 20} MB it is put aside`,
    complete: "file",
  },
  "new-admin-key": { type: "boolean", description: "Print another administrator key and end; a service may run" },
} as const satisfies Flags;

export default defineCommand({
  meta: { name: "serve", description: "Run kilometers-api" },
  args: FLAGS,
  examples: [
    "km api serve",
    "km api serve --database postgres://km@db/km --database-password-file ./password",
    "km api serve --log-file /var/log/kilometers-api/log.ndjson",
    "km api serve --new-admin-key",
  ],
  async run(args) {
    const options = readOptions(args, process.env);
    const { database, databasePassword, folder } = options;
    makeFolder(folder);
    if (args["new-admin-key"]) return await newAdminKey(database, databasePassword);
    const file = options.logFile === undefined ? undefined : openLogFile(options.logFile);
    const log = openServiceLog(file ?? STDERR, file === undefined && process.stderr.isTTY);
    const say: Say = (level, message, fields) => writeLog(log.write, Date.now(), level, message, fields);
    try {
      const service = await openService({
        ...options,
        openMetrics: isLoopback(options.hostname) && options.publicUrl === undefined,
        app: builtApp(),
        write: log.write,
        showFirstKey: show,
      });
      const metrics = options.metricsAt && (await metricsOf(service, options.metricsAt));
      if (file !== undefined) tell(`Listening at ${service.url}; the log is in ${file.file}`);
      say("info", "listening", {
        url: service.url,
        public_url: service.deps.origin,
        metrics: metrics?.url,
        database: service.deps.database.dialect,
        version: VERSION,
        pid: process.pid,
      });
      for (const warning of warningsOf(options, args.database)) say("warn", warning);
      return await untilEnded(service, metrics, say);
    } finally {
      await log.flush();
      file?.close();
    }
  },
});

type Say = (level: "info" | "warn", message: string, fields?: LogFields) => void;

interface Options extends ListenAddress {
  database: string;
  databasePassword: string | undefined;
  signingKey: string | undefined;
  packageKey: string | undefined;
  folder: string;
  packageFolder: string;
  packageBucket: Bucket | undefined;
  publicUrl: string | undefined;
  hosts: string[];
  trustedProxies: number;
  metricsAt: ListenAddress | undefined;
  logFile: string | undefined;
}

/** What is not given stands in the environment, where nothing counts as nothing. */
function readOptions(args: Args<typeof FLAGS>, env: NodeJS.ProcessEnv): Options {
  const metricsListen = args["metrics-listen"] ?? (env["KM_API_METRICS_LISTEN"] || undefined);
  const signingKeyFile = args["signing-key"] ?? (env["KM_API_SIGNING_KEY_FILE"] || undefined);
  const packageKeyFile = args["package-key"] ?? (env["KM_API_PACKAGE_KEY_FILE"] || undefined);
  const passwordFile = args["database-password-file"] ?? (env["KM_API_DATABASE_PASSWORD_FILE"] || undefined);
  const logFile = args["log-file"] ?? (env["KM_API_LOG_FILE"] || undefined);
  const packages = args.packages ?? (env["KM_API_PACKAGES"] || undefined);
  const inBucket = packages !== undefined && isBucketAddress(packages);
  const folder = resolve(args.data ?? (env["KM_API_DATA"] || join(paths().data, "api")));
  return {
    ...readListenAddress("--listen", args.listen ?? (env["KM_API_LISTEN"] || DEFAULT_LISTEN)),
    database: args.database ?? (env["DATABASE_URL"] || `sqlite://${urlPath(join(folder, "km.db"))}`),
    databasePassword: passwordFile === undefined ? undefined : readSecret("the database's password", passwordFile),
    signingKey: signingKeyFile === undefined ? undefined : readSecret("the signing key", signingKeyFile),
    packageKey: packageKeyFile === undefined ? undefined : readSecret("the package key", packageKeyFile),
    folder,
    packageFolder: packages === undefined || inBucket ? join(folder, "packages") : resolve(packages),
    packageBucket: inBucket ? readBucket(packages, env) : undefined,
    publicUrl: origin(args["public-url"] ?? (env["KM_API_PUBLIC_URL"] || undefined)),
    hosts: args.host,
    trustedProxies: count(args["trusted-proxies"] ?? (env["KM_API_TRUSTED_PROXIES"] || "0")),
    metricsAt: metricsListen === undefined ? undefined : readListenAddress("--metrics-listen", metricsListen),
    logFile: logFile === undefined ? undefined : resolve(logFile),
  };
}

function origin(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && [url.origin, `${url.origin}/`].includes(text.toLowerCase());
  if (isPlain && /^https?:$/.test(url.protocol)) return url.origin;
  throw new KmError("USAGE", "Flag --public-url is not http:// or https:// with a host and nothing behind it", {
    hint: "Write it as https://km.example.com.",
  });
}

function count(text: string): number {
  if (/^\d$/.test(text)) return Number(text);
  throw new KmError("USAGE", `Flag --trusted-proxies is not a number from 0 to 9: "${text}"`);
}

function readSecret(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new KmError("API_001", `Cannot read ${what} from ${file}: ${systemReason(cause)}`, { cause });
  }
}

function openLogFile(path: string): RotatingFile {
  const file = new RotatingFile(path, DEFAULT_ROTATION);
  try {
    file.open();
  } catch (cause) {
    throw new KmError("API_001", `Cannot write the log into ${path}: ${systemReason(cause)}`, {
      hint: "Choose another file with --log-file.",
      cause,
    });
  }
  return file;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new KmError("API_001", `Cannot make the folder ${folder}: ${systemReason(cause)}`, {
      hint: "Choose another one with --data.",
      cause,
    });
  }
}

/** Of Windows: `/C:/Users/...` */
function urlPath(file: string): string {
  return file.startsWith("/") ? file : `/${file.replaceAll("\\", "/")}`;
}

async function newAdminKey(url: string, password: string | undefined): Promise<number> {
  const database = await openDatabase(url, { password });
  try {
    await migrate(database, Date.now());
    await makeAdminKey(database, show, Date.now());
  } finally {
    await database.close();
  }
  return 0;
}

/** Alone on its line, so that a program can take it. @throws where nobody can have seen it */
async function show(key: string): Promise<void> {
  const output = stdout();
  try {
    if (await output.write(`${key}\n`)) return;
  } finally {
    await output.close();
  }
  throw new KmError("API_001", "Cannot show the administrator key: nobody reads stdout", {
    hint: "It was not kept. Start again where stdout can be read.",
  });
}

async function metricsOf(service: OpenService, at: ListenAddress): Promise<MetricsServer> {
  try {
    return serveMetrics(service.metrics, at.hostname, at.port);
  } catch (cause) {
    await service.close(0);
    throw new KmError("API_001", `Cannot listen for metrics on ${at.hostname}:${at.port}: ${messageOf(cause)}`, {
      hint: "Choose another address with --metrics-listen.",
      cause,
    });
  }
}

function warningsOf({ hostname, publicUrl }: Options, typedDatabase: string | undefined): string[] {
  const warnings: string[] = [];
  const reachedAs = publicUrl === undefined ? hostname : new URL(publicUrl).hostname;
  if (!isLoopback(reachedAs) && !publicUrl?.startsWith("https:")) {
    warnings.push(
      "tokens pass in clear text, and km refuses to log in there: put a proxy with TLS before the service, and give " +
        "its address with --public-url https://...",
    );
  }
  if (typedDatabase?.startsWith("postgres") && new URL(typedDatabase).password !== "") {
    warnings.push("everyone on this machine can read the database's password: use --database-password-file");
  }
  return warnings;
}

/** A second signal has its usual effect: the end at once. */
async function untilEnded(service: OpenService, metrics: MetricsServer | undefined, say: Say): Promise<number> {
  const signal = await untilAsked();
  say("info", "ending", { signal });
  const inTime = await service.close(PATIENCE_MS, LEAD_MS);
  await metrics?.stop();
  if (inTime) say("info", "ended");
  else say("warn", "ended before every request had its answer");
  return inTime ? 0 : 1;
}

/** The service `database`: PostgreSQL, MySQL, MariaDB and SQLite. */
import { join } from "node:path";
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { parseDuration } from "../../config/units.ts";
import { described, duration, list as listOf, mapping, record, text, word } from "../../guard/policy/schema-parts.ts";
import { resolveText } from "../../servers/references.ts";
import { openConnections } from "../backend/open-connections.ts";
import type { Service, Surroundings } from "../service.ts";
import { addressOf } from "./address.ts";
import type { Connection, ConnectionLimits, DatabaseBackend } from "./connection.ts";
import { list, probe } from "./tools/connections.ts";
import { execute, modify } from "./tools/execute.ts";
import { explain, query } from "./tools/query.ts";
import { describe, search, tables } from "./tools/tables.ts";
import { slowQuery } from "./prompt.ts";

const FILE = "a file: absolute, or beginning with ~/";
const COUNT = "a whole number from 1 to 50";
const MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;

const tls = mapping(
  {
    mode: described(
      "verify-full unless the database is on this machine, where it is disable unless there is a ca",
      word(...MODES),
    ),
    ca: described("Authorities that are trusted, in PEM", text(FILE)),
    cert: described("Certificate of km, in PEM", text(FILE)),
    key: described("Its key, in PEM", text(FILE)),
  },
  "a mapping of mode, ca, cert and key",
);

const one = {
  url: described(
    "postgres://user@host:5432/name, mysql://, mariadb://, or sqlite:///absolute/path",
    text("an address such as postgres://user@host/name", 4096),
  ),
  password: described("In place of one in the URL; a reference such as ${keychain:db}", text("a text", 4096)),
  tls: described("Certificates", tls),
  timeout: described("The longest time of a statement; default: 30s", duration("a duration such as 30s")),
  lock_timeout: described("How long it waits for locks of others; default: 5s", duration("a duration such as 5s")),
  pool: described(
    "Connections at a time, for reading, writing and questions about tables each; default: 4",
    v.pipe(v.number(COUNT), v.safeInteger(COUNT), v.minValue(1, COUNT), v.maxValue(50, COUNT)),
  ),
  idle: described(
    "After which time a connection that nobody uses is closed; default: 1m",
    duration("a duration such as 1m"),
  ),
  functions: described(
    "Functions that queries may call though they may do more than read",
    listOf(text("a name", 63), "a list of names"),
  ),
};
const WORDS = "a mapping with url, or with connections";
const config = mapping(
  {
    ...one,
    connections: described(
      "Several, by name",
      record(mapping(one, "a mapping with url"), "a mapping of names to connections"),
    ),
  },
  WORDS,
);

type Written = Omit<v.InferOutput<typeof config>, "connections">;

const service: Service<v.InferOutput<typeof config>, DatabaseBackend> = {
  name: "database",
  title: "Databases",
  description: "Query PostgreSQL, MySQL, MariaDB and SQLite databases",
  config,
  flags: { "database-url": { key: "url", valueHint: "url", description: "Where the database is" } },
  tools: [query, tables, describe, search, explain, list, execute, modify],
  prompts: [slowQuery],
  async open(written, around) {
    return {
      connections: await openConnections<Written, Connection>(written, (one, name) =>
        opened(`database.${name}`, one, around),
      ),
    };
  },
  probe,
  async close({ connections }) {
    await Promise.all(Array.from(connections.values(), (connection) => connection.close()));
  },
};

export default service;

async function opened(place: string, written: Written, { references, home }: Surroundings): Promise<Connection> {
  if (written.url === undefined) {
    throw new KmError("CFG_002", `${place}: it has no url`, {
      hint: "Such as postgres://user@host:5432/name, or sqlite:///absolute/path.",
    });
  }
  const url = await resolveText(written.url, `${place}.url`, references);
  const address = addressOf(url, place);
  const limits = limitsOf(written);
  if (address.dialect === "sqlite") {
    const { openSqlite } = await import("./sqlite/open-sqlite.ts");
    return openSqlite(address.file, `SQLite at ${address.file}`, limits);
  }
  const { dialect, hostname, port, database, username } = address;
  const password =
    written.password === undefined
      ? address.password
      : await resolveText(written.password, `${place}.password`, references);
  const options: Bun.SQL.PostgresOrMySQLOptions = {
    hostname,
    port,
    database,
    username,
    password,
    connectionTimeout: CONNECT_SECONDS,
    tls: tlsOf(written.tls ?? {}, hostname, home),
  };
  const where = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/${database}`;
  if (dialect === "postgres") {
    const { openPostgres } = await import("./postgres/open-postgres.ts");
    return openPostgres({ ...options, database: database || username }, `PostgreSQL at ${where}`, limits);
  }
  const { openMysql } = await import("./mysql/open-mysql.ts");
  return openMysql(options, `MySQL at ${where}`, limits);
}

const CONNECT_SECONDS = 10;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1)$/;

function tlsOf(
  { mode, ca, cert, key }: NonNullable<Written["tls"]>,
  hostname: string,
  home: string | undefined,
): Bun.SQL.PostgresOrMySQLOptions["tls"] {
  const isHere = LOOPBACK.test(hostname) && ca === undefined;
  const chosen = mode ?? (isHere ? "disable" : "verify-full");
  if (chosen === "disable") return "disable";
  if (ca === undefined && cert === undefined && key === undefined) return chosen;
  const file = (path: string): Bun.BunFile =>
    Bun.file(path.startsWith("~/") && home !== undefined ? join(home, path.slice(2)) : path);
  const isVerified = chosen.startsWith("verify");
  return {
    ...(ca !== undefined && { ca: file(ca) }),
    ...(cert !== undefined && { cert: file(cert) }),
    ...(key !== undefined && { key: file(key) }),
    rejectUnauthorized: isVerified,
    ...(chosen === "verify-ca" && { checkServerIdentity: () => undefined }),
  };
}

function limitsOf({
  timeout = "30s",
  lock_timeout = "5s",
  pool = 4,
  idle = "1m",
  functions = [],
}: Written): ConnectionLimits {
  return {
    timeoutMs: parseDuration(timeout) ?? 0,
    lockMs: parseDuration(lock_timeout) ?? 0,
    pool,
    idleSeconds: Math.round((parseDuration(idle) ?? 0) / 1000),
    functions,
  };
}

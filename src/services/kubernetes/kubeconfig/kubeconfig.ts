/**
 * `mergeKubeconfigs`: the contexts that kubeconfig files have, each with its cluster and user, as kubectl merges them: of what has
 * the same name the first counts. Files that are named in them are relative to the file that names them.
 */
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { KmError } from "../../../errors.ts";

export interface Kubeconfig {
  /** By name, in the order of the files. */
  contexts: ReadonlyMap<string, KubeContext>;
  current: string | undefined;
}

export interface KubeContext {
  name: string;
  namespace: string | undefined;
  clusterName: string;
  cluster: KubeCluster;
  userName: string;
  user: KubeUser;
}

export interface KubeCluster {
  server: string;
  /** In PEM, or where that is. */
  ca: Pem;
  isInsecure: boolean;
  tlsServerName: string | undefined;
  proxyUrl: string | undefined;
}

export interface KubeUser {
  certificate: Pem;
  key: Pem;
  token: string | undefined;
  /** Counts in place of `token`, and is read anew from time to time. */
  tokenFile: string | undefined;
  username: string | undefined;
  password: string | undefined;
  plugin: ExecPluginConfig | undefined;
  /** A way to log in that was taken out of Kubernetes in 2022: its name. */
  authProvider: string | undefined;
  /** Headers by which it acts as somebody else: each group would be one of its own, and fetch cannot send a header twice. */
  impersonation: Record<string, string>;
}

/** At most one of them is there. */
export interface Pem {
  text?: string | undefined;
  file?: string | undefined;
}

export interface ExecPluginConfig {
  apiVersion: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Whether it is told which cluster it is for. */
  isToldCluster: boolean;
  installHint: string | undefined;
  needsTerminal: boolean;
  /** Of the file that names it: what a command with a slash is relative to. */
  folder: string;
}

const TEXT = v.nullish(v.string());
const CLUSTER = v.looseObject({
  server: TEXT,
  "certificate-authority": TEXT,
  "certificate-authority-data": TEXT,
  "insecure-skip-tls-verify": v.nullish(v.boolean()),
  "tls-server-name": TEXT,
  "proxy-url": TEXT,
});
const USER = v.looseObject({
  "client-certificate": TEXT,
  "client-certificate-data": TEXT,
  "client-key": TEXT,
  "client-key-data": TEXT,
  token: TEXT,
  tokenFile: TEXT,
  username: TEXT,
  password: TEXT,
  as: TEXT,
  "as-uid": TEXT,
  "as-groups": v.nullish(v.array(v.string())),
  "auth-provider": v.nullish(v.looseObject({ name: TEXT })),
  exec: v.nullish(
    v.looseObject({
      apiVersion: TEXT,
      command: v.string(),
      args: v.nullish(v.array(v.string())),
      env: v.nullish(v.array(v.looseObject({ name: v.string(), value: v.string() }))),
      provideClusterInfo: v.nullish(v.boolean()),
      installHint: TEXT,
      interactiveMode: TEXT,
    }),
  ),
});
const CONTEXT = v.looseObject({ cluster: TEXT, user: TEXT, namespace: TEXT });
const FILE = v.looseObject({
  "current-context": TEXT,
  clusters: v.nullish(v.array(v.looseObject({ name: v.string(), cluster: v.nullish(CLUSTER) }))),
  users: v.nullish(v.array(v.looseObject({ name: v.string(), user: v.nullish(USER) }))),
  contexts: v.nullish(v.array(v.looseObject({ name: v.string(), context: v.nullish(CONTEXT) }))),
});

export interface KubeconfigFile {
  path: string;
  text: string;
}

/** @throws KmError CFG_001 for a file that is no kubeconfig: which, and which member; nothing of what is in it */
export function mergeKubeconfigs(files: readonly KubeconfigFile[]): Kubeconfig {
  const clusters = new Map<string, KubeCluster>();
  const users = new Map<string, KubeUser>();
  const written = new Map<string, v.InferOutput<typeof CONTEXT>>();
  let current: string | undefined;
  for (const file of files) {
    const read = checked(file);
    const folder = dirname(file.path);
    current ??= some(read["current-context"]);
    for (const { name, cluster } of read.clusters ?? []) {
      if (!clusters.has(name)) clusters.set(name, clusterOf(cluster ?? {}, folder));
    }
    for (const { name, user } of read.users ?? []) {
      if (!users.has(name)) users.set(name, userOf(user ?? {}, folder));
    }
    for (const { name, context } of read.contexts ?? []) {
      if (!written.has(name)) written.set(name, context ?? {});
    }
  }
  const contexts = new Map<string, KubeContext>();
  for (const [name, { cluster = "", user = "", namespace }] of written) {
    contexts.set(name, {
      name,
      namespace: some(namespace),
      clusterName: cluster ?? "",
      cluster: clusters.get(cluster ?? "") ?? clusterOf({}, "/"),
      userName: user ?? "",
      user: users.get(user ?? "") ?? userOf({}, "/"),
    });
  }
  return { contexts, current };
}

function checked({ path, text }: KubeconfigFile): v.InferOutput<typeof FILE> {
  let value: unknown;
  try {
    value = Bun.YAML.parse(text);
  } catch {
    // The parser's message quotes what it has read.
    throw new KmError("CFG_001", `Cannot use the kubeconfig ${path}: it is not YAML`);
  }
  const read = v.safeParse(FILE, value ?? {});
  if (read.success) return read.output;
  const [issue] = read.issues;
  const place = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  throw new KmError("CFG_001", `Cannot use the kubeconfig ${path}: ${place || "it"} is not as it should be`, {
    ...(issue.expected !== null && { hint: `It has to be ${issue.expected}.` }),
  });
}

function clusterOf(written: v.InferOutput<typeof CLUSTER>, folder: string): KubeCluster {
  return {
    server: some(written.server) ?? "",
    ca: pem(written["certificate-authority-data"], written["certificate-authority"], folder),
    isInsecure: written["insecure-skip-tls-verify"] ?? false,
    tlsServerName: some(written["tls-server-name"]),
    proxyUrl: some(written["proxy-url"]),
  };
}

function userOf(written: v.InferOutput<typeof USER>, folder: string): KubeUser {
  const { exec } = written;
  const tokenFile = some(written.tokenFile);
  return {
    certificate: pem(written["client-certificate-data"], written["client-certificate"], folder),
    key: pem(written["client-key-data"], written["client-key"], folder),
    token: some(written.token),
    tokenFile: tokenFile && resolve(folder, tokenFile),
    username: some(written.username),
    password: some(written.password),
    plugin: exec
      ? {
          apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
          command: exec.command,
          args: exec.args ?? [],
          env: Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, value])),
          isToldCluster: exec.provideClusterInfo ?? false,
          installHint: some(exec.installHint),
          needsTerminal: exec.interactiveMode === "Always",
          folder,
        }
      : undefined,
    authProvider: written["auth-provider"] ? (some(written["auth-provider"].name) ?? "unknown") : undefined,
    impersonation: impersonation(written),
  };
}

/** Between several, which no group's name has. */
export const GROUPS = "\u0000";

function impersonation(written: v.InferOutput<typeof USER>): Record<string, string> {
  const user = some(written.as);
  const uid = some(written["as-uid"]);
  const groups = written["as-groups"] ?? [];
  return {
    ...(user !== undefined && { "impersonate-user": user }),
    ...(uid !== undefined && { "impersonate-uid": uid }),
    ...(groups.length > 0 && { "impersonate-group": groups.join(GROUPS) }),
  };
}

/** Data goes before a file, as kubectl has it. */
function pem(data: string | null | undefined, file: string | null | undefined, folder: string): Pem {
  if (some(data) !== undefined) return { text: Buffer.from(data ?? "", "base64").toString("utf8") };
  const named = some(file);
  return named === undefined ? {} : { file: resolve(folder, named) };
}

function some(text: string | null | undefined): string | undefined {
  return text === null || text === "" ? undefined : text;
}

/** `serversIn`: servers as one process of km hands them to another, checked: what comes through a pipe is not taken on trust. */
import * as v from "valibot";
import type {
  IdentityProvider,
  Remote,
  RemoteClient,
  RemoteEnterprise,
  RemoteOAuth,
  RemoteTls,
  RemoteWorkload,
} from "../http/remote.ts";
import type { CommandStart, Server, ServerLimits } from "./server.ts";

const text = v.string();
const texts = v.array(text);
const number = v.number();
const optionalText = v.optional(text);
const optionalNumber = v.optional(number);
const mapping = v.record(text, text);

/** A member that is added to the type and not here is an error of types, not something that gets lost on the way. */
type Members<T> = { [K in keyof Required<T>]: v.GenericSchema };

const token = v.union([
  v.strictObject({ file: text }),
  v.strictObject({ env: text }),
  v.strictObject({ command: texts }),
]);

const client = {
  clientId: optionalText,
  clientSecret: optionalText,
  clientMetadataUrl: optionalText,
  clientKey: optionalText,
  issuer: optionalText,
  dpop: v.optional(v.union([v.boolean(), v.literal("auto")])),
  scopes: texts,
} satisfies Members<RemoteClient>;

const oauth = {
  ...client,
  type: v.literal("oauth"),
  grant: v.optional(v.picklist(["authorization_code", "client_credentials"])),
  redirectPort: optionalNumber,
} satisfies Members<RemoteOAuth>;

const workload = {
  ...client,
  type: v.literal("workload"),
  assertion: token,
  audience: optionalText,
} satisfies Members<RemoteWorkload>;

const idp = {
  issuer: text,
  clientId: text,
  clientSecret: optionalText,
  clientKey: optionalText,
  idToken: v.optional(token),
  redirectPort: optionalNumber,
  scopes: texts,
} satisfies Members<IdentityProvider>;

const enterprise = {
  ...client,
  type: v.literal("enterprise"),
  idp: v.strictObject(idp),
} satisfies Members<RemoteEnterprise>;

const auth = v.variant("type", [
  v.strictObject({ type: v.literal("none") }),
  v.strictObject({ type: v.literal("bearer"), token: text }),
  v.strictObject({ type: v.literal("basic"), username: text, password: text }),
  v.strictObject({ type: v.literal("api-key"), header: text, value: text }),
  v.strictObject(oauth),
  v.strictObject(workload),
  v.strictObject(enterprise),
]);

const tls = {
  ca: optionalText,
  cert: optionalText,
  key: optionalText,
  passphrase: optionalText,
  serverName: optionalText,
  pins: texts,
} satisfies Members<RemoteTls>;

const remote = {
  url: text,
  transport: v.picklist(["auto", "streamable-http", "sse"]),
  headers: mapping,
  auth,
  tls: v.strictObject(tls),
  connectTimeoutMs: number,
  answerTimeoutMs: number,
  retries: number,
} satisfies Members<Remote>;

const command = {
  kind: v.literal("command"),
  command: texts,
  cwd: optionalText,
  env: mapping,
} satisfies Members<CommandStart>;

const limits = {
  connectTimeoutMs: number,
  answerTimeoutMs: number,
  retries: number,
  calls: v.optional(v.strictObject({ count: number, perMs: number })),
  concurrent: optionalNumber,
  restarts: optionalNumber,
} satisfies Members<ServerLimits>;

const server = {
  name: text,
  start: v.variant("kind", [
    v.strictObject({ kind: v.literal("remote"), remote: v.strictObject(remote) }),
    v.strictObject(command),
  ]),
  limits: v.strictObject(limits),
  fallback: texts,
  tags: texts,
} satisfies Members<Server>;

const servers = v.array(v.strictObject(server));

/** @returns undefined where the text is anything else */
export function serversIn(json: string): Server[] | undefined {
  try {
    const read = v.safeParse(servers, JSON.parse(json));
    return read.success ? read.output.map(withFolder) : undefined;
  } catch {
    return undefined;
  }
}

/** JSON has no member for the folder that is not said. */
function withFolder(server: v.InferOutput<typeof servers>[number]): Server {
  if (server.start.kind === "remote") return { ...server, start: server.start };
  return { ...server, start: { ...server.start, cwd: server.start.cwd } };
}

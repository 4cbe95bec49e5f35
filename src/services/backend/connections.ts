/**
 * The part of services.yaml that says how HTTP backends are reached: one connection, or several by name. The words are those of
 * servers.yaml: url, headers, auth, tls and limits, with references in place of secrets.
 */
import * as v from "valibot";
import { described, mapping, record, text } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import { isLogin, type Remote } from "../../http/remote.ts";
import { compileServer } from "../../servers/compile-server.ts";
import { REACHED_BY_HTTP } from "../../servers/schema.ts";
import { startOf } from "../../servers/start-of.ts";
import type { Surroundings } from "../service.ts";

/** A mapping of `url`, `headers`, `auth`, `tls` and `limits`, and of what the service has besides. */
export function connectionSchema<const T extends v.ObjectEntries>(besides: T) {
  const { url, headers, auth, tls, limits } = REACHED_BY_HTTP;
  return mapping({ url, headers, auth, tls, limits, ...besides }, "a mapping with url");
}

/**
 * What a service with HTTP backends can be configured with: a connection as it stands, or `connections` by name, of which
 * `default` is the one that is meant where a call names none, else the first.
 */
export function connectionsSchema<const T extends v.ObjectEntries>(besides: T) {
  const one = connectionSchema(besides);
  return mapping(
    { ...one.entries, connections: described("Several, by name", record(one, "a mapping of names to connections")) },
    "a mapping with url, or with connections",
  );
}

export interface WrittenConnection {
  url?: string | undefined;
  headers?: Record<string, string> | undefined;
  auth?: v.InferOutput<typeof REACHED_BY_HTTP.auth> | undefined;
  tls?: v.InferOutput<typeof REACHED_BY_HTTP.tls> | undefined;
  limits?: v.InferOutput<typeof REACHED_BY_HTTP.limits> | undefined;
}

/** The name of a connection that a call may give, as an argument of a tool. */
export const connectionArgument = described("Unless the default one", text("a name", 64));

/**
 * @param fallbackUrl where it is where nothing is said, such as `http://127.0.0.1:9090`
 * @throws KmError CFG_002 for what cannot be used, SRV_004 and SRV_005 for references that cannot be resolved
 */
export async function remoteFrom(
  place: string,
  { url, headers, auth, tls, limits }: WrittenConnection,
  fallbackUrl: string,
  { home, references }: Surroundings,
): Promise<Remote> {
  const server = { url: url ?? fallbackUrl, headers, auth: auth ?? { type: "none" as const }, tls, limits };
  const compiled = compileServer(place, withoutUndefined(server), home);
  if ("problems" in compiled) {
    const [problem] = compiled.problems;
    throw new KmError("CFG_002", `${place}: ${problem?.path.join(".") ?? ""} ${problem?.message ?? "cannot be used"}`, {
      ...(problem?.hint !== undefined && { hint: problem.hint }),
    });
  }
  const start = await startOf(compiled.server, references);
  if (start.kind !== "remote") throw new KmError("CFG_002", `${place}: it has no url`);
  if (!isLogin(start.remote.auth)) return start.remote;
  throw new KmError("CFG_002", `${place}: auth.type cannot be ${start.remote.auth.type}: that is a login`, {
    hint: "Allowed: none, bearer, basic, api-key.",
  });
}

function withoutUndefined<T extends object>(some: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(some).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

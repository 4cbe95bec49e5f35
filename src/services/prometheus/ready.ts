/** `readiness`: whether a server takes queries. */
import * as v from "valibot";
import { ask, type Connection } from "./backend.ts";

export interface Readiness {
  isReady: boolean;
  /** What the server says of itself, or what a query showed. */
  detail: string;
}

/**
 * By `/-/ready`, and where a relative of Prometheus has that elsewhere, by a query.
 *
 * @throws KmError SVC_003 to SVC_008 for a server that cannot be asked
 */
export async function readiness(connection: Connection, signal: AbortSignal): Promise<Readiness> {
  const { status, text } = await connection.client.text({
    path: "/-/ready",
    signal,
    expect: [404, 405, 503],
    isRepeatable: false,
  });
  const said = text.trim().split("\n")[0]?.slice(0, 200) ?? "";
  if (status === 503) return { isReady: false, detail: said };
  if (status === 200 && !said.startsWith("<")) return { isReady: true, detail: said };
  await answersQueries(connection, signal);
  return { isReady: true, detail: "It answers queries." };
}

/** @throws KmError where it does not */
export async function answersQueries(connection: Connection, signal: AbortSignal): Promise<void> {
  const scalar = v.object({ resultType: v.literal("scalar") });
  await ask(connection, { path: "/api/v1/query", query: { query: "1" }, signal }, scalar);
}

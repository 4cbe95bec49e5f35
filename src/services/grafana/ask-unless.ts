/** `askUnless`: asks Grafana for what it may refuse for a reason that people can do something about, and says what. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import type { BackendRequest } from "../backend/backend-client.ts";
import { ask, type Connection } from "./backend.ts";

/** `status` is the kind of a refusal, such as `version-mismatch`. */
const REFUSED = v.looseObject({ message: v.string(), status: v.optional(v.string(), "") });

/**
 * @param schema of what is needed of the answer; a refusal must not fit it
 * @param refusal the status of HTTP that is meant, and what to do, by the kind of the refusal
 * @throws KmError SVC_007 for that refusal, else as `ask`
 */
export async function askUnless<S extends v.GenericSchema>(
  connection: Connection,
  request: BackendRequest,
  schema: S,
  { status, hint }: { status: number; hint: (kind: string) => string },
): Promise<v.InferOutput<S>> {
  const answered = v.union([
    v.pipe(
      schema,
      v.transform((answer) => ({ answer })),
    ),
    v.pipe(
      REFUSED,
      v.transform((refused) => ({ refused })),
    ),
  ]);
  const found = await ask(connection, { ...request, expect: [status] }, answered);
  if ("answer" in found) return found.answer;
  const { message, status: kind } = found.refused;
  throw new KmError("SVC_007", `${connection.client.label}: ${message} (HTTP ${status})`, { hint: hint(kind) });
}

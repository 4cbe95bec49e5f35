/** `askInternal`: what Kibana has no published interface for is asked for by its internal ones, as long as it lets them be used. */
import type * as v from "valibot";
import { KmError } from "../../errors.ts";
import type { BackendRequest } from "../backend/backend-client.ts";
import { ask, type Asking } from "./backend.ts";

/**
 * Since version 9.0 Kibana refuses internal requests (`server.restrictInternalApis`) that do not say that they are from itself. They have
 * versions of their own, and need to name one.
 */
const INTERNAL = { "x-elastic-internal-origin": "Kibana", "elastic-api-version": "1" };
/** A refusal, a route that is not there, and a version that is not. */
const REFUSED = /not available with the current configuration|: Not Found \(HTTP 404\)|api-version|Available versions/i;

/** @param instead what else can be done, for whom it is refused */
export async function askInternal<T>(
  asking: Asking,
  request: BackendRequest,
  schema: v.GenericSchema<unknown, T>,
  instead: string,
): Promise<T> {
  try {
    return await ask(asking, { ...request, headers: { ...request.headers, ...INTERNAL } }, schema);
  } catch (error) {
    if (!(error instanceof KmError) || !REFUSED.test(error.message)) throw error;
    throw new KmError(
      "SVC_007",
      `${asking.client.label} does not let its internal interface be used: ${error.message}`,
      {
        hint: instead,
        cause: error,
      },
    );
  }
}

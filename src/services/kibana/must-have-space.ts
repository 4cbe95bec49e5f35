/**
 * `mustHaveSpace`: Kibana itself does not mind a space that there is not: lists are empty in it, and what is saved in it is seen by nobody.
 */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { ask, type Asking } from "./backend.ts";

/** @throws KmError SVC_006 where there is none; whoever may not look at spaces is believed */
export async function mustHaveSpace({ client, space }: Asking, signal: AbortSignal): Promise<void> {
  if (space === "default") return;
  const path = `/api/spaces/space/${encodeURIComponent(space)}`;
  try {
    await ask({ client, space: "default" }, { path, signal }, v.object({ id: v.string() }));
  } catch (error) {
    if (!(error instanceof KmError) || error.code !== "SVC_006") return;
    throw new KmError("SVC_006", `${client.label} has no space ${space}`, {
      hint: "kibana_spaces (toolset spaces) lists them.",
      cause: error,
    });
  }
}

/** `askingCapabilities`: whether a client can ask its user something, and how. */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from "@modelcontextprotocol/server";
import * as v from "valibot";

export interface AskingCapabilities {
  elicitation?: { form?: unknown; url?: unknown } | undefined;
}

const ENVELOPE = v.object({
  [CLIENT_CAPABILITIES_META_KEY]: v.object({
    elicitation: v.exactOptional(
      v.object({ form: v.exactOptional(v.looseObject({})), url: v.exactOptional(v.looseObject({})) }),
    ),
  }),
});

/**
 * Since 2026-07-28 each request says it for itself; before that the session does, once.
 *
 * @param ofSession what `initialize` has said
 */
export function askingCapabilities(
  { envelope }: ServerContext["mcpReq"],
  ofSession: ClientCapabilities | undefined,
): AskingCapabilities | undefined {
  if (envelope === undefined) return ofSession;
  const read = v.safeParse(ENVELOPE, envelope);
  return read.success ? read.output[CLIENT_CAPABILITIES_META_KEY] : undefined;
}

/** An empty `elicitation` means forms, as it did before there were others. */
export function canShowForms(capabilities: AskingCapabilities | undefined): boolean {
  const elicitation = capabilities?.elicitation;
  return elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
}

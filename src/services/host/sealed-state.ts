/** `sealedState`: makes what goes through clients and comes back: as km has written it, and not for long. */
import { createRequestStateCodec, type RequestStateCodec } from "@modelcontextprotocol/server";

/** How long a person may think about what they are asked. */
export const HELD_S = 300;

export function sealedState(): RequestStateCodec {
  return createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)), ttlSeconds: HELD_S });
}

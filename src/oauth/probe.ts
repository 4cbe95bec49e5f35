/** `probe`: what a server answers to somebody with that login, or with none: whether it wants a login, and which. */
import type { Remote } from "../http/remote.ts";
import { VERSION } from "../version.ts";
import type { Asker } from "./asker.ts";
import { type Challenge, readChallenge } from "./challenge.ts";
import type { Login } from "./login.ts";
import { cannotLogIn } from "./login-error.ts";
import { presented, wantsOtherNonce } from "./presented.ts";

const REVISION = "2026-07-28";

/** A question that begins no session. Servers of other revisions refuse it, but only after they have asked who is there. */
const DISCOVER = {
  jsonrpc: "2.0",
  id: 1,
  method: "server/discover",
  params: {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": REVISION,
      "io.modelcontextprotocol/clientInfo": { name: "km", version: VERSION },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
};

/** @throws KmError LGN_003 where the server cannot be reached */
export async function probe(
  remote: Remote,
  asker: Asker,
  login?: Login,
): Promise<{ isRefused: boolean; challenge: Challenge }> {
  const headers = {
    ...remote.headers,
    accept: "application/json, text/event-stream",
    "content-type": "application/json",
    "mcp-protocol-version": REVISION,
    "mcp-method": DISCOVER.method,
  };
  for (let tries = 1; ; tries++) {
    const sending = { method: "POST", url: remote.url };
    const sent = login === undefined ? {} : await presented(login, sending, asker.nonces);
    const said = await asker.askServer({ ...headers, ...sent }, DISCOVER);
    if (said.state === "failed") {
      throw cannotLogIn("LGN_003", remote.url, `it cannot be reached: ${said.reason}`, {
        hint: "Check its address, and that it runs.",
      });
    }
    const isRefused = said.status === 401;
    const challenge = readChallenge(said.challenge);
    const isAgain = isRefused && tries < MOST_TRIES && wantsOtherNonce(challenge, sent, asker.nonces);
    if (!isAgain) return { isRefused, challenge };
  }
}

/** A nonce may have ended before it came back. */
const MOST_TRIES = 3;

/**
 * `refusingLink`: what serves the client of a server that cannot be reached for a reason of km's own. It gets that reason in
 * place of an answer, since mostly it does not show stderr, and then the session ends.
 */
import { KmError, messageOf } from "../errors.ts";
import { LineQueue } from "../http/line-queue.ts";
import { readOutbound } from "../http/outbound.ts";
import { tell } from "./remote-authorizer.ts";
import type { ServedLink } from "./serve-link.ts";

const SERVER_ERROR = -32_000;
/** A client that asks for nothing meanwhile finds that the server has ended. */
const SILENT_MS = 10_000;

export function refusingLink(error: unknown): ServedLink {
  const { code, hint, exitCode = 1 } = error instanceof KmError ? error : {};
  const reason = messageOf(error);
  tell(hint === undefined ? reason : `${reason}. ${hint}`);
  const lines = new LineQueue();
  const refusal = JSON.stringify({
    code: SERVER_ERROR,
    message: hint === undefined ? reason : `${reason}. ${hint}`,
    data: { code, reason, hint },
  });
  setTimeout(() => lines.end(), SILENT_MS);
  return {
    exitCode,
    send(line) {
      const { ids } = readOutbound(line);
      for (const id of ids) void lines.push(`{"jsonrpc":"2.0","id":${id},"error":${refusal}}`);
      if (ids.length > 0) lines.end();
    },
    batches: () => lines.batches(),
    async settled() {},
    async close() {
      lines.end();
    },
  };
}

/** `Passage`: one request on its way, and what is found out about it for its answer and for the log. */
import { type Answer, answerProblem, type ErrorForm } from "./answer.ts";
import type { Principal } from "./handler.ts";
import type { Problem } from "./problem.ts";

export interface Passage {
  request: Request;
  id: string;
  url: URL;
  address: string;
  now: number;
  /** For the answer, whichever it becomes. */
  headers: Record<string, string>;
  route: string | null;
  errors: ErrorForm;
  principal: Principal | undefined;
  bytes: number;
  /** Of memory, until the request is answered. */
  held: number;
  /** Whether the body was read to its end, so that the connection can be used again. */
  isRead: boolean;
}

export function begin(request: Request, address: string, now: number): Passage {
  const given = request.headers.get("x-request-id");
  const id = given !== null && /^[\w-]{8,64}$/.test(given) ? given : `req_${crypto.randomUUID().replaceAll("-", "")}`;
  const length = request.headers.get("content-length") ?? "0";
  return {
    request,
    id,
    // Whatever the Host header says, which is in front of the path unless it is none: it may be nonsense.
    url: new URL(`http://none${request.url.replace(/^http:\/\/[^/?]*/, "")}`),
    address,
    now,
    headers: { "x-request-id": id },
    route: null,
    errors: "problem",
    principal: undefined,
    bytes: 0,
    held: 0,
    isRead: Number(length) === 0 && !request.headers.has("transfer-encoding"),
  };
}

export function refuse({ id, errors }: Passage, found: Problem): Answer {
  return answerProblem(found, id, errors);
}

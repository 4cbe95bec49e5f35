/**
 * `startFaultServer`: an HTTP server on loopback that answers as broken backends do: late, never, cut off, without end, with
 * the wrong status or with nonsense. It speaks TCP, so that each fault is what the wire has, and counts connections.
 */
import { createServer, type Socket } from "node:net";

export type Fault =
  /** A whole answer; an object as JSON. */
  | { kind: "answer"; status?: number; headers?: Record<string, string>; body?: string | Uint8Array | object }
  /** The head of an answer alone, as to HEAD. */
  | { kind: "head"; headers: Record<string, string> }
  /** Takes the request and says nothing. */
  | { kind: "never" }
  /** The answer comes so much later. */
  | { kind: "late"; ms: number; answer: Fault }
  /** Closes the connection in place of an answer. */
  | { kind: "reset" }
  /** The head promises more than comes before the connection is closed. */
  | { kind: "cut"; body: string; headers?: Record<string, string> }
  /** The head at once, then a byte of the body every so often. */
  | { kind: "trickle"; body: string; everyMs: number; headers?: Record<string, string> }
  /** A body that never ends, as fast as it is read. */
  | { kind: "endless"; chunk?: string; headers?: Record<string, string> }
  /** A body that is so long, in bytes. */
  | { kind: "huge"; bytes: number; headers?: Record<string, string> }
  /** Something that is not HTTP. */
  | { kind: "garbage" };

export interface SeenRequest {
  method: string;
  /** With the query. */
  path: string;
  /** By their names in lower case. */
  headers: Record<string, string>;
  body: string;
}

export interface FaultServer extends AsyncDisposable {
  /** `http://127.0.0.1:45678` */
  url: string;
  port: number;
  requests: SeenRequest[];
  /** Ever made. */
  readonly connections: number;
  /** Of these, those that are open now. */
  readonly openConnections: number;
  /** What is answered from now on. */
  answerWith(answer: Fault | AnswerTo): void;
  /** Resolves when so many requests have come. */
  seen(count: number): Promise<void>;
}

/** @param index of the request, from 0 */
export type AnswerTo = (request: SeenRequest, index: number) => Fault;

/** What each service has to say something about: the fault, and the code that its error must have. */
export const USUAL_FAULTS: readonly { name: string; fault: Fault; code: string }[] = [
  { name: "401", fault: { kind: "answer", status: 401, body: "no" }, code: "SVC_004" },
  { name: "403", fault: { kind: "answer", status: 403, body: "no" }, code: "SVC_004" },
  { name: "404", fault: { kind: "answer", status: 404, body: "no" }, code: "SVC_006" },
  {
    name: "429 for an hour",
    fault: { kind: "answer", status: 429, headers: { "retry-after": "3600" }, body: "no" },
    code: "SVC_005",
  },
  { name: "500", fault: { kind: "answer", status: 500, body: "oops" }, code: "SVC_008" },
  {
    name: "a page of HTML",
    fault: { kind: "answer", headers: { "content-type": "text/html" }, body: "<html><body>Log in</body></html>" },
    code: "SVC_008",
  },
  { name: "cut JSON", fault: { kind: "answer", body: '{"status":"success","data":{"res' }, code: "SVC_008" },
  { name: "other JSON", fault: { kind: "answer", body: { hello: "world" } }, code: "SVC_008" },
  { name: "a body without end", fault: { kind: "endless" }, code: "SVC_008" },
  { name: "a body that is broken off", fault: { kind: "cut", body: '{"status":"succ' }, code: "SVC_003" },
  { name: "no HTTP", fault: { kind: "garbage" }, code: "SVC_003" },
];

const REASONS: Record<number, string> = { 200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found" };

export async function startFaultServer(first: Fault | AnswerTo = { kind: "answer", body: {} }): Promise<FaultServer> {
  let answer: AnswerTo = typeof first === "function" ? first : () => first;
  const requests: SeenRequest[] = [];
  const open = new Set<Socket>();
  const waiting = new Set<{ count: number; resolve: () => void }>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let read = requestIn(bytes); read !== undefined; read = requestIn(bytes)) {
        bytes = bytes.subarray(read.size);
        const index = requests.push(read.request) - 1;
        for (const one of waiting) if (one.count <= requests.length) one.resolve();
        reply(socket, answer(read.request, index));
      }
    });
  });
  const listening = Promise.withResolvers<void>();
  server.on("error", listening.reject);
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    get openConnections() {
      return open.size;
    },
    answerWith(next) {
      answer = typeof next === "function" ? next : () => next;
    },
    async seen(count) {
      if (requests.length >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add({ count, resolve });
      await promise;
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}

/** Undefined while it is not complete. */
function requestIn(bytes: Buffer): { request: SeenRequest; size: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [start = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", path = ""] = start.split(" ");
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const from = end + 4;
  if (headers["transfer-encoding"] === "chunked") return chunkedIn(bytes, from, { method, path, headers });
  const size = from + Number(headers["content-length"] ?? 0);
  if (bytes.length < size) return undefined;
  return { request: { method, path, headers, body: bytes.subarray(from, size).toString() }, size };
}

function chunkedIn(bytes: Buffer, start: number, head: Omit<SeenRequest, "body">) {
  const parts: Buffer[] = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(bytes.subarray(at, lineEnd).toString("latin1"), 16);
    const next = lineEnd + 2 + length + 2;
    if (bytes.length < next) return undefined;
    if (length === 0) return { request: { ...head, body: Buffer.concat(parts).toString() }, size: next };
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = next;
  }
}

function reply(socket: Socket, fault: Fault): void {
  switch (fault.kind) {
    case "answer": {
      const { status = 200, headers = {}, body = "" } = fault;
      const isText = typeof body === "string" || body instanceof Uint8Array;
      const bytes = Buffer.from(isText ? body : JSON.stringify(body));
      const type = isText ? {} : { "content-type": "application/json" };
      socket.write(Buffer.concat([head(status, { ...type, ...headers, "content-length": bytes.length }), bytes]));
      return;
    }
    case "head":
      socket.write(head(200, fault.headers));
      return;
    case "never":
      return;
    case "late": {
      const timer = setTimeout(() => reply(socket, fault.answer), fault.ms);
      socket.on("close", () => clearTimeout(timer));
      return;
    }
    case "reset":
      socket.destroy();
      return;
    case "cut":
      socket.write(head(200, { ...fault.headers, "content-length": fault.body.length + 1000 }));
      socket.end(fault.body);
      return;
    case "trickle":
      trickle(socket, fault);
      return;
    case "endless":
      socket.write(head(200, { ...fault.headers, "transfer-encoding": "chunked" }));
      pour(socket, chunked(fault.chunk ?? "[1,2,3,4,5,6,7],".repeat(4096)), Infinity);
      return;
    case "huge":
      socket.write(head(200, { ...fault.headers, "content-length": fault.bytes }));
      pour(socket, "x".repeat(1 << 16), fault.bytes);
      return;
    case "garbage":
      socket.end("SSH-2.0-OpenSSH_9.9\r\n");
  }
}

function head(status: number, headers: Record<string, string | number>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\n${lines.join("")}\r\n`);
}

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function trickle(socket: Socket, { body, everyMs, headers }: Fault & { kind: "trickle" }): void {
  socket.write(head(200, { ...headers, "content-length": body.length }));
  let at = 0;
  const timer = setInterval(() => {
    socket.write(body.charAt(at++));
    if (at >= body.length) clearInterval(timer);
  }, everyMs);
  socket.on("close", () => clearInterval(timer));
}

/** No faster than it is read. */
function pour(socket: Socket, part: string, bytes: number): void {
  let left = bytes;
  const write = (): void => {
    while (left > 0 && !socket.destroyed) {
      const isTaken = socket.write(part.slice(0, Math.min(part.length, left)));
      left -= part.length;
      if (!isTaken) {
        socket.once("drain", write);
        return;
      }
    }
  };
  write();
}

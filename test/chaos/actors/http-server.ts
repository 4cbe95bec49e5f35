/**
 * A server over Streamable HTTP of both eras, and over HTTP with SSE, that answers each call as the call says: `http-server.ts FOLDER PORT`. The
 * marks of the calls that it has done are in FOLDER/done. What it knows of sessions ends with it.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { answerLine, type Call, initializedLine, MODERN, readSaid, type Said } from "./said-calls.ts";

const [folder = "", port = "0"] = process.argv.slice(2);
const done = openSync(join(folder, "done"), "a");
const sessions = new Set<string>();
/** By the event behind which they go on. */
const kept = new Map<string, string>();
const busy = new Set<string>();
const oldStreams = new Map<string, ReadableStreamDefaultController<string>>();
const NO_METHOD = '{"code":-32601,"message":"no such method"}';

Bun.serve({ hostname: "127.0.0.1", port: Number(port), idleTimeout: 0, fetch: (request) => handle(request) });

async function handle(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/sse") return oldStream();
  if (pathname === "/messages") return await oldMessage(searchParams.get("of") ?? "", await request.text());
  const session = request.headers.get("mcp-session-id") ?? "";
  const isModern = request.headers.get("mcp-protocol-version") === MODERN;
  if (request.method === "DELETE") return new Response(null, { status: sessions.delete(session) ? 204 : 404 });
  if (request.method === "GET") return sessions.has(session) ? stream(request) : notFound();
  const said = readSaid(await request.text());
  if (said.method === "initialize" && said.id !== undefined) return begun(said.id);
  if (!isModern && !sessions.has(session)) return notFound();
  if (said.id === undefined) return new Response(null, { status: 202 });
  return said.call === undefined ? unknownMethod(said.id) : await answer(said.id, said.call, said, isModern);
}

function begun(id: string): Response {
  const session = crypto.randomUUID();
  sessions.add(session);
  return json(initializedLine(id), { "mcp-session-id": session });
}

async function answer(id: string, call: Call, said: Said, isModern: boolean): Promise<Response> {
  if (call.how === "unavailable") return new Response("not now", { status: 503 });
  if (call.how === "busy" && !busy.has(call.mark)) {
    busy.add(call.mark);
    return new Response("busy", { status: 429, headers: { "retry-after": "0" } });
  }
  await Bun.sleep(call.ms);
  writeSync(done, `${call.mark}\n`);
  const line = answerLine(id, call);
  const progress = `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${call.mark}"}}\n\n`;
  switch (call.how) {
    case "fails":
      return json(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32603,"message":"${call.mark}"}}`, {}, 500);
    case "events":
      return events([`data: ${line}\n\n`]);
    case "progress":
      return events([progress, progress, `data: ${line}\n\n`]);
    case "torn":
      return events([progress, `data: ${line.slice(0, -1)}`]);
    case "resumed":
      if (isModern) return events([`data: ${line}\n\n`]);
      kept.set(said.call?.mark ?? "", line);
      return events([`id: ${call.mark}\nretry: 30\ndata:\n\n`]);
    default:
      return json(line);
  }
}

/** The rest of one that ended, or the server's own, in which it says nothing. */
function stream(request: Request): Response {
  const last = request.headers.get("last-event-id");
  if (last === null) return events([": open\n\n"], true);
  const line = kept.get(last);
  return line === undefined ? events([`id: ${last}\n`]) : events([`id: ${last}-end\ndata: ${line}\n\n`]);
}

function oldStream(): Response {
  const id = crypto.randomUUID();
  const body = new ReadableStream<string>({
    start(controller) {
      oldStreams.set(id, controller);
      controller.enqueue(`event: endpoint\ndata: /messages?of=${id}\n\n`);
    },
    cancel: () => void oldStreams.delete(id),
  });
  const headers = { "content-type": "text/event-stream" };
  return new Response(body.pipeThrough(new TextEncoderStream()), { headers });
}

/** Of the ways to answer it knows those that concern the message; a stream that is torn takes all others with it. */
async function oldMessage(id: string, text: string): Promise<Response> {
  const stream = oldStreams.get(id);
  if (stream === undefined) return notFound();
  const said = readSaid(text);
  if (said.call?.how === "unavailable") return new Response("not now", { status: 503 });
  if (said.id !== undefined) void oldAnswer(stream, said.id, said).catch(() => undefined); // it may be gone
  return new Response(null, { status: 202 });
}

async function oldAnswer(stream: ReadableStreamDefaultController<string>, id: string, said: Said): Promise<void> {
  const say = (line: string): void => stream.enqueue(`data: ${line}\n\n`);
  if (said.call === undefined) {
    return say(
      said.method === "initialize" ? initializedLine(id) : `{"jsonrpc":"2.0","id":${id},"error":${NO_METHOD}}`,
    );
  }
  await Bun.sleep(said.call.ms);
  writeSync(done, `${said.call.mark}\n`);
  if (said.call.how === "torn") stream.close();
  else say(answerLine(id, said.call));
}

function events(parts: string[], isOpen = false): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      for (const part of parts) {
        controller.enqueue(encoder.encode(part));
        await Bun.sleep(1);
      }
      if (!isOpen) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function json(line: string, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(line, { status, headers: { "content-type": "application/json", ...headers } });
}

function notFound(): Response {
  return new Response("no such session", { status: 404 });
}

function unknownMethod(id: string): Response {
  return json(`{"jsonrpc":"2.0","id":${id},"error":${NO_METHOD}}`);
}

/** `connectServer`: opens a server and shakes hands with it, so that it can be asked for something. */
import { KmError } from "../errors.ts";
import { type ClientOptions, McpClient } from "../mcp/client.ts";
import { type Answer, failureOf } from "../mcp/answer.ts";
import { LEGACY, type Refusal } from "../mcp/handshake.ts";
import { type OpenOptions, openServer, type OpenServer, type ServerTarget } from "./open-server.ts";
import { isObject } from "../wire/jsonrpc.ts";

const LOGIN_NEEDED = 4;
const MISSING_CAPABILITY = -32021;

export interface Connected extends AsyncDisposable {
  client: McpClient;
  /** @throws KmError SRV_002, or what the link knows, where the answer is no result */
  resultOf(answer: Answer, what: string): Promise<Extract<Answer, { kind: "result" }>>;
}

export type ConnectOptions = OpenOptions & ClientOptions;

/** @throws KmError SRV_001 where it cannot be started, SRV_002 where it does not answer as MCP requires, or what the link knows */
export async function connectServer(target: ServerTarget, options: ConnectOptions): Promise<Connected> {
  const { protocol = "auto" } = options;
  let server = await openServer(target, options);
  let client = await handshake(server, options);
  // Some programs of the older era end when they are asked for something before the handshake.
  if (!("greeting" in client) && protocol === "auto" && isEnd(client) && !options.signal.aborted) {
    const [first, refusal] = [server, client];
    server = await openServer(target, options);
    client = await handshake(server, { ...options, protocol: LEGACY[0] });
    if (!("greeting" in client)) {
      await server.close();
      [server, client] = [first, refusal];
    } else await first.close();
  }
  if (!("greeting" in client)) {
    const error = await errorOf(client, "Cannot connect", server);
    await server.close();
    throw error;
  }
  return {
    client,
    async resultOf(answer, what) {
      if (answer.kind === "result") return answer;
      throw await errorOf(answer, what, server);
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function handshake(server: OpenServer, options: ConnectOptions): Promise<McpClient | Refusal> {
  try {
    return await McpClient.connect(server, options);
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Whether the program has gone, and not only said no. */
function isEnd(refusal: Refusal): boolean {
  return refusal.kind === "none" && refusal.cause === undefined && refusal.reason === "it ended its output";
}

async function errorOf(answer: Refusal, what: string, server: OpenServer): Promise<KmError> {
  if (answer.kind === "none" && answer.cause !== undefined) return answer.cause;
  const needsPerson =
    answer.kind === "error" && answer.code === MISSING_CAPABILITY && answer.message.includes("elicitation");
  const hint = needsPerson ? { hint: "The server wants to ask somebody: run it on a terminal." } : {};
  const words = answer.kind === "error" ? "" : await server.lastWords();
  const code = answer.kind === "error" && answer.code !== undefined ? ` (${answer.code})` : "";
  const reason = [`${failureOf(answer)}${code}`, ...(words === "" ? [] : [words])].join("; ");
  const data = answer.kind === "error" && isObject(answer.data) ? answer.data : {};
  const isLogin = /^(?:AUTH|LGN)_/.test(String(data["code"]));
  return new KmError("SRV_002", `${what}: ${reason}`, {
    ...hint,
    ...(isLogin ? { exitCode: LOGIN_NEEDED } : {}),
  });
}

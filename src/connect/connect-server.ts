/** `connectServer`: opens a server and shakes hands with it, so that it can be asked for something. */
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { type ClientOptions, McpClient } from "../mcp/client.ts";
import { type Answer, failureOf } from "../mcp/answer.ts";
import { LEGACY, type Refusal } from "../mcp/handshake.ts";
import { linkProblem } from "./link-problem.ts";
import { type OpenOptions, openServer, type OpenServer, type ServerTarget } from "./open-server.ts";
import { isObject } from "../wire/jsonrpc.ts";

const CANNOT_CONNECT = "Cannot connect";
const LOGIN_NEEDED = 4;
const MISSING_CAPABILITY = -32021;

export interface Connected extends AsyncDisposable {
  client: McpClient;
  /** @throws KmError SRV_002, or what the link knows, where the answer is no result */
  resultOf(answer: Answer, what: string): Promise<Extract<Answer, { kind: "result" }>>;
}

export type ConnectOptions = OpenOptions & ClientOptions;

/** @throws KmError SRV_001 where it cannot be started, SRV_002 where it does not answer as MCP requires, or what the link knows */
export async function connectServer(target: ServerTarget, given: ConnectOptions): Promise<Connected> {
  const { protocol = "auto" } = given;
  let stray: string | undefined;
  const options: ConnectOptions = {
    ...given,
    onStray(line) {
      stray ??= line;
      given.onStray?.(line);
    },
  };
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
    const error = await errorOf(client, CANNOT_CONNECT, server, stray);
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

/** @param stray the first line that it wrote and that is no message of MCP */
async function errorOf(answer: Refusal, what: string, server: OpenServer, stray?: string): Promise<KmError> {
  if (answer.kind === "none") return answer.cause ?? (await silence(answer.reason, what, server, stray));
  const exit = isLoginNeeded(answer) ? { exitCode: LOGIN_NEEDED } : {};
  const problem = linkProblem(answer);
  if (problem !== undefined) {
    const { host, reason, hint } = problem;
    const where = what === CANNOT_CONNECT ? ` to ${host}` : "";
    return new KmError("SRV_002", `${what}${where}: ${reason}`, { ...(hint !== undefined && { hint }), ...exit });
  }
  const needsPerson = answer.code === MISSING_CAPABILITY && answer.message.includes("elicitation");
  const hint = needsPerson ? { hint: "The server wants to ask somebody: run it on a terminal." } : {};
  const code = answer.code === undefined ? "" : ` (${answer.code})`;
  return new KmError("SRV_002", `${what}: ${failureOf(answer)}${code}`, { ...hint, ...exit });
}

function isLoginNeeded({ data }: Extract<Refusal, { kind: "error" }>): boolean {
  return isObject(data) && /^(?:AUTH|LGN)_/.test(String(data["code"]));
}

/** What the program has said of it, and how it ended, is of more use than that nothing came. */
async function silence(reason: string, what: string, server: OpenServer, stray: string | undefined): Promise<KmError> {
  const { exitCode, said } = await server.lastWords();
  const parts = [
    ...(exitCode === undefined ? [reason] : [`it exited with code ${exitCode}`]),
    ...(said === "" ? [] : [`it said: ${said}`]),
    ...(stray === undefined ? [] : [`what it writes is no MCP: ${JSON.stringify(echoed(stray.trim()))}`]),
  ];
  const hint =
    said !== ""
      ? "Flag --verbose shows all that it writes to stderr."
      : "An MCP server on stdio waits for messages, and writes nothing else to stdout: see that the command is right.";
  const isProgram = server.exited !== undefined;
  return new KmError("SRV_002", `${what}: ${parts.join("; ")}`, isProgram && what === CANNOT_CONNECT ? { hint } : {});
}

/** `getPage`: what is at a URL of the web, followed through its redirects, each of which is judged like the first. */
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { KmError, systemCode } from "../../errors.ts";
import { connectionProblem } from "../../http/problem.ts";
import { VERSION } from "../../version.ts";
import { type Address, type LookUp, vettedAddresses } from "./vetted-host.ts";

export interface Page {
  /** Where it was in the end. */
  url: URL;
  status: number;
  /** As it was said; empty where it was not. */
  type: string;
  body: Buffer;
  /** Longer than was read. */
  isCut: boolean;
}

export interface GetPageOptions {
  privateHosts: readonly string[];
  mostBytes: number;
  signal: AbortSignal;
  lookUp?: LookUp;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 5;

/** @throws KmError SVC_001 to SVC_003 */
export async function getPage(first: URL, options: GetPageOptions): Promise<Page> {
  let url = first;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const addresses = await vettedAddresses(url, options.privateHosts, options.lookUp);
    const response = await answerOf(url, addresses, options.signal);
    const { statusCode: status = 0, headers } = response;
    const { location } = headers;
    if (!REDIRECTS.has(status) || location === undefined) {
      return { url, status, type: headers["content-type"] ?? "", ...(await read(url, response, options)) };
    }
    response.destroy();
    const target = URL.parse(location, url.href);
    if (target === null) throw new KmError("SVC_003", `${url.host} redirects to what is no URL`);
    url = target;
  }
  throw new KmError("SVC_003", `${first.host} redirects more than ${MOST_REDIRECTS} times`);
}

async function answerOf(url: URL, addresses: Address[], signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const outgoing = send(url, {
    agent: false, // a connection of another request could lead elsewhere
    headers: {
      "user-agent": `km/${VERSION}`,
      accept: "text/*, application/json, */*;q=0.1",
      "accept-encoding": "identity",
    },
    signal,
    // The name is not looked up again: it could lead elsewhere by now.
    lookup: (_host, { all }, done) => {
      const [one] = addresses;
      if (all === true) done(null, addresses);
      else if (one !== undefined) done(null, one.address, one.family);
    },
  });
  outgoing.on("response", resolve);
  outgoing.on("error", reject);
  outgoing.end();
  try {
    return await promise;
  } catch (error) {
    throw failed(url, error, signal);
  }
}

async function read(url: URL, response: IncomingMessage, { mostBytes, signal }: GetPageOptions) {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response) {
      const bytes = Buffer.from(part);
      parts.push(bytes);
      size += bytes.length;
      if (size > mostBytes) break;
    }
  } catch (error) {
    throw failed(url, error, signal);
  } finally {
    response.destroy();
  }
  return { body: Buffer.concat(parts, Math.min(size, mostBytes)), isCut: size > mostBytes };
}

function failed(url: URL, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const { reason, hint } = connectionProblem(error);
  const isMeaningful = systemCode(error) !== undefined;
  return new KmError(
    "SVC_003",
    `${url.host} cannot be fetched from: ${isMeaningful ? reason : "it answers with no HTTP"}`,
    {
      hint,
      cause: error,
    },
  );
}

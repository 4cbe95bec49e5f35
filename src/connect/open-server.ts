/** `openServer`: a connection to a server, however it is reached. */
import type { Authorizer } from "../http/authorizer.ts";
import type { Remote } from "../http/remote.ts";
import type { LastWords } from "./child-link.ts";
import type { ServerLink } from "../mcp/server-link.ts";
import type { ServerCommand, ServerExit } from "../proxy/pump.ts";

export type ServerTarget =
  { kind: "command"; server: ServerCommand } | { kind: "remote"; remote: Remote; authorizer: Authorizer | undefined };

export interface OpenOptions {
  /** How long each step of ending a program waits. */
  killTimeoutMs: number;
  /** What a program writes to stderr, as it comes. */
  onStderr?: ((bytes: Uint8Array) => void) | undefined;
  /** What a person should know. */
  say(text: string): void;
}

export interface OpenServer extends ServerLink {
  /** Ends the program with all that it started, or gives up what is open. Can be called again. */
  close(): Promise<void>;
  /** What is known of why it does not answer. */
  lastWords(): Promise<LastWords>;
  /** How its program has ended, where it is one. */
  exited?: Promise<ServerExit>;
}

/** @throws KmError SRV_001 where a program cannot be started, USAGE where an address is none */
export async function openServer(target: ServerTarget, options: OpenOptions): Promise<OpenServer> {
  if (target.kind === "remote") {
    const { connectRemote } = await import("../http/remote-link.ts");
    const link = connectRemote(target.remote, { authorizer: target.authorizer, say: options.say.bind(options) });
    return { ...link, lastWords: () => Promise.resolve({ exitCode: undefined, said: "" }) };
  }
  const { startChild } = await import("./child-link.ts");
  return startChild(target.server, options);
}

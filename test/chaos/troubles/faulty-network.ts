/** `FaultyNetwork`: connections to a server, each of which breaks in the way that is planned for it. */
import { createServer, connect, type Server, type Socket } from "node:net";
import type { Fault } from "../rounds/plan-remotes.ts";

/** Bytes that come one by one; what is larger would take minutes. */
const MOST_PIECES = 300;
/** One whose other side has gone is not kept for ever. */
const HALF_OPEN_MS = 1000;

export class FaultyNetwork {
  readonly #server: Server;
  readonly #faults: readonly Fault[];
  readonly #sockets = new Set<Socket>();
  #connections = 0;
  #isCalm = false;

  private constructor(server: Server, faults: readonly Fault[]) {
    this.#server = server;
    this.#faults = faults;
  }

  static async before(port: number, faults: readonly Fault[]): Promise<FaultyNetwork> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const network = new FaultyNetwork(server, faults);
    server.on("connection", (socket) => network.#take(socket, port));
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return network;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  get connections(): number {
    return this.#connections;
  }

  /** From the next connection on nothing breaks any more. */
  calm(): void {
    this.#isCalm = true;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(down: Socket, port: number): void {
    const planned = this.#faults[this.#connections++ % this.#faults.length];
    const fault: Fault = this.#isCalm || planned === undefined ? { kind: "none" } : planned;
    if (fault.kind === "refuse") return void down.destroy();
    const up = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const both = [down, up];
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on("error", () => both.forEach((one) => one.destroy()));
      socket.on("close", () => {
        this.#sockets.delete(socket);
        // The other side learns of it when it has got what came before.
        setTimeout(() => both.forEach((one) => one.destroy()), HALF_OPEN_MS);
      });
    }
    void pass(down, up, fault, "up").catch(() => both.forEach((one) => one.destroy()));
    void pass(up, down, fault, "down").catch(() => both.forEach((one) => one.destroy()));
  }
}

async function pass(from: Socket, to: Socket, fault: Fault, way: "up" | "down"): Promise<void> {
  let passed = 0;
  const own = !("way" in fault) || fault.way === way ? fault : undefined;
  for await (const chunk of chunksOf(from)) {
    const most = own !== undefined && "afterBytes" in own ? own.afterBytes - passed : Infinity;
    if (own?.kind === "delay") await Bun.sleep(own.ms);
    if (own?.kind === "pieces") await writePieces(to, chunk, passed);
    else if (chunk.length < most || most < 0) await write(to, chunk);
    else {
      await write(to, chunk.subarray(0, most));
      if (own?.kind === "cut") {
        for (const socket of [from, to]) {
          if (own.isReset) socket.resetAndDestroy();
          else socket.destroy();
        }
        return;
      }
      if (own?.kind === "half-close") {
        to.end();
        setTimeout(() => [from, to].forEach((one) => one.destroy()), HALF_OPEN_MS);
        return;
      }
      if (own?.kind === "stall") await Bun.sleep(own.ms);
      await write(to, chunk.subarray(most));
    }
    passed += chunk.length;
  }
  to.end();
}

async function* chunksOf(socket: Socket): AsyncGenerator<Buffer> {
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) yield chunk;
}

async function writePieces(to: Socket, chunk: Buffer, passed: number): Promise<void> {
  const pieces = Math.max(0, Math.min(chunk.length, MOST_PIECES - passed));
  for (let at = 0; at < pieces; at++) {
    await write(to, chunk.subarray(at, at + 1));
    await Bun.sleep(0);
  }
  await write(to, chunk.subarray(pieces));
}

async function write(to: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0 || to.write(bytes)) return;
  await new Promise<void>((resolve) => {
    to.once("drain", resolve);
    to.once("close", resolve);
  });
}

/** A session of `km monitor` in which the test speaks for the client and for the server. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { type Home, KM } from "./km.ts";

export interface ConversationOptions {
  flags?: string[];
  env?: Record<string, string>;
  /** Words that run km, such as `["sh", "-c", 'ulimit -n 20; exec "$@"', "sh"]`. */
  launcher?: string[];
  /** Words in place of `km monitor` and its flags. */
  through?: string[];
  /** Arguments that the server does not look at. */
  serverArguments?: string[];
}

export interface Ended {
  exitCode: number;
  stderr: string;
}

const PEER = join(import.meta.dir, "../fixtures/peer-socket.ts");

export async function converse(home: Home, options: ConversationOptions = {}): Promise<Conversation> {
  const path = join(home.folder, `peer-${crypto.randomUUID().slice(0, 8)}.sock`);
  const listener = createServer();
  await once(listener.listen(path), "listening");
  const { launcher = [], flags = [], serverArguments = [] } = options;
  const { through = [KM, "monitor", ...flags, "--"] } = options;
  const server = [process.execPath, PEER, path, ...serverArguments];
  const km = Bun.spawn([...launcher, ...through, ...server], {
    env: { ...home.env, ...options.env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = collect(km.stderr);
  try {
    const failed = km.exited.then((code) => {
      throw new Error(`km has exited with ${code} before the server was up: ${stderr.text}`);
    });
    const [socket] = (await Promise.race([once(listener, "connection"), failed])) as [Socket];
    return new Conversation(km, socket, stderr);
  } catch (error) {
    km.kill("SIGKILL");
    throw error;
  } finally {
    listener.close();
  }
}

type Km = Bun.Subprocess<"pipe", "pipe", "pipe">;

export class Conversation implements AsyncDisposable {
  readonly km: Km;
  readonly client: Side;
  readonly server: Side;
  readonly #socket: Socket;
  readonly #stderr: Collected;

  constructor(km: Km, socket: Socket, stderr: Collected) {
    this.km = km;
    this.#socket = socket;
    this.#stderr = stderr;
    this.server = new Side(socket, (bytes) => writeAll(socket, bytes));
    this.client = new Side(km.stdout, async (bytes) => {
      await km.stdin.write(bytes);
      await km.stdin.flush();
    });
  }

  /** What km, and a server that says something there, wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** The client sends, the server receives; then the other way, unless there is no answer. */
  async round(request: string, answer?: string): Promise<void> {
    await this.pass(request);
    if (answer !== undefined) await this.reply(answer);
  }

  /** A line from the client, once it is with the server. */
  async pass(line: string): Promise<void> {
    await this.client.send(`${line}\n`);
    await this.server.line(line);
  }

  /** A line from the server, once it is with the client. */
  async reply(line: string): Promise<void> {
    await this.server.send(`${line}\n`);
    await this.client.line(line);
  }

  /** The server ends, and its output with it. */
  hangUp(): void {
    this.#socket.end();
  }

  /** The client closes its end, the server follows. */
  async end(): Promise<Ended> {
    await this.km.stdin.end();
    const exitCode = await this.km.exited;
    await this.#stderr.ended;
    return { exitCode, stderr: this.#stderr.text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.km.kill("SIGKILL");
    this.#socket.destroy();
    await this.km.exited;
  }
}

/** One of the two ends: what it sends and what it has received. */
export class Side {
  readonly send: (bytes: string | Uint8Array) => Promise<void>;
  readonly #received: Buffer[] = [];
  readonly #changed: (() => void)[] = [];
  #ended = false;
  /** Where the next line begins, in bytes of all that was received. */
  #read = 0;
  #length = 0;

  constructor(input: Readable | ReadableStream<Uint8Array>, send: (bytes: Uint8Array) => Promise<void>) {
    this.send = (bytes) => send(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
    void this.#listen(input);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  get length(): number {
    return this.#length;
  }

  /** The next line, which must be the expected one. */
  async line(expected: string): Promise<void> {
    const bytes = Buffer.from(`${expected}\n`);
    await this.until(this.#read + bytes.length);
    const got = this.received.subarray(this.#read, this.#read + bytes.length);
    if (!got.equals(bytes))
      throw new Error(`Received ${got.toString().slice(0, 500)} instead of ${expected.slice(0, 500)}`);
    this.#read += bytes.length;
  }

  /** Resolves when so many bytes have been received since the beginning. */
  async until(length: number): Promise<void> {
    while (this.#length < length) {
      if (this.#ended) throw new Error(`Ended after ${this.#length} of ${length} bytes`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  async #listen(input: Readable | ReadableStream<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of input) {
        this.#received.push(chunk as Buffer);
        this.#length += (chunk as Buffer).length;
        for (const wake of this.#changed.splice(0)) wake();
      }
    } catch {
      // A reset connection ends it as well: the other side was killed.
    }
    this.#ended = true;
    for (const wake of this.#changed.splice(0)) wake();
  }
}

interface Collected {
  text: string;
  ended: Promise<void>;
}

function collect(input: ReadableStream<Uint8Array>): Collected {
  const collected: Collected = { text: "", ended: Promise.resolve() };
  collected.ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of input) collected.text += decoder.decode(chunk, { stream: true });
  })();
  return collected;
}

function writeAll(socket: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    }),
  );
}

/** A service for tests: things that can be listed, added and destroyed, and tools that are slow, large, broken or tell secrets. */
import * as v from "valibot";
import { KmError } from "../../../src/errors.ts";
import { text } from "../../../src/guard/policy/schema-parts.ts";
import type { Service } from "../../../src/services/service.ts";
import { tool, type ToolCall } from "../../../src/services/tool.ts";

export class Things {
  readonly names = new Set(["lamp", "chair"]);
  /** What has been called, as it was meant. */
  readonly done: string[] = [];
  /** How they are, as a preview says. */
  state = "";
  /** Calls of `slow` that run now, and the most there ever were. */
  running = 0;
  mostRunning = 0;
  isClosed = false;
  readonly #started: (() => void)[] = [];
  #go = Promise.withResolvers<void>();

  /** Resolves when a call of `slow` has begun. */
  async slowBegun(): Promise<void> {
    if (this.running > 0) return;
    await new Promise<void>((resolve) => this.#started.push(resolve));
  }

  /** Lets all calls of `slow` end. */
  release(): void {
    this.#go.resolve();
    this.#go = Promise.withResolvers<void>();
  }

  async slow(signal: AbortSignal): Promise<void> {
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    for (const tell of this.#started.splice(0)) tell();
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#go.promise, aborted]);
    this.running--;
    signal.throwIfAborted();
  }
}

type Call = ToolCall<Things>;
const name = text("a name", 40);
const EMPTY = v.strictObject({});

const tools = [
  tool({
    name: "list",
    title: "List",
    description: "The things.",
    access: "read",
    toolset: "core",
    input: v.strictObject({ prefix: v.optional(name) }),
    output: v.object({ names: v.array(v.string()) }),
    run: async ({ prefix = "" }, { backend }: Call) =>
      await Promise.resolve({ data: { names: [...backend.names].filter((one) => one.startsWith(prefix)) } }),
  }),
  tool({
    name: "add",
    title: "Add",
    description: "Adds a thing.",
    access: "write",
    toolset: "core",
    input: v.strictObject({ name }),
    output: v.object({ added: v.string() }),
    async run(input, { backend }: Call) {
      backend.done.push(`add ${input.name}`);
      backend.names.add(input.name);
      return await Promise.resolve({ data: { added: input.name } });
    },
  }),
  tool({
    name: "destroy",
    title: "Destroy",
    description: "Destroys a thing.",
    access: "destructive",
    toolset: "core",
    input: v.strictObject({ name, force: v.optional(v.boolean()) }),
    output: v.object({ destroyed: v.string() }),
    async preview(input, { backend }: Call) {
      if (!backend.names.has(input.name)) throw new KmError("SVC_006", `There is no ${input.name}`);
      return await Promise.resolve({
        summary: `Destroys the ${input.name}${backend.state}`,
        detail: "its password: hunter2hunter2",
      });
    },
    async run(input, { backend }: Call) {
      backend.done.push(`destroy ${input.name}`);
      backend.names.delete(input.name);
      return await Promise.resolve({ data: { destroyed: input.name } });
    },
  }),
  tool({
    name: "slow",
    title: "Slow",
    description: "Waits.",
    access: "read",
    toolset: "core",
    input: EMPTY,
    output: v.object({ ok: v.boolean() }),
    async run(_input, { backend, signal, progress }: Call) {
      progress(1, 2, "half");
      await backend.slow(signal);
      return { data: { ok: true } };
    },
  }),
  tool({
    name: "build",
    title: "Build",
    description: "Adds a thing, slowly.",
    access: "write",
    toolset: "core",
    payload: ["plan"],
    input: v.strictObject({ plan: v.optional(v.string()) }),
    output: v.object({ ok: v.boolean() }),
    async run(_input, { backend, signal }: Call) {
      await backend.slow(signal);
      return { data: { ok: true } };
    },
  }),
  tool({
    name: "secret",
    title: "Secret",
    description: "Tells secrets.",
    access: "read",
    toolset: "core",
    input: EMPTY,
    output: v.object({ password: v.number(), count: v.number(), list: v.array(v.object({ token: v.string() })) }),
    run: async () =>
      await Promise.resolve({
        data: { password: 12_345_678, count: 3, list: [{ token: "abcdefghijklmnop" }] },
        text: "password: hunter2hunter2",
      }),
  }),
  tool({
    name: "large",
    title: "Large",
    description: "Answers much.",
    access: "read",
    toolset: "extra",
    input: v.strictObject({ bytes: v.number() }),
    output: v.object({ text: v.string() }),
    run: async ({ bytes }) => await Promise.resolve({ data: { text: "x".repeat(bytes) } }),
  }),
  tool({
    name: "broken",
    title: "Broken",
    description: "Fails within.",
    access: "read",
    toolset: "core",
    input: EMPTY,
    output: v.object({}),
    run: async () => await Promise.reject(new TypeError("cannot read password: hunter2hunter2 of undefined")),
  }),
];

export function thingsService(things: Things): Service<Record<string, unknown>, Things> {
  return {
    name: "things",
    title: "Things",
    description: "Things for tests",
    config: v.object({}),
    tools,
    open: async () => await Promise.resolve(things),
    probe: async () => await Promise.resolve([{ name: "things", isReady: true, detail: "there" }]),
    async close() {
      things.isClosed = true;
      await Promise.resolve();
    },
  };
}

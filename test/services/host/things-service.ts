/**
 * A service for tests: things that can be listed, added and destroyed, and tools, prompts and resources that are slow, large, broken
 * or tell secrets.
 */
import * as v from "valibot";
import { KmError } from "../../../src/errors.ts";
import { text } from "../../../src/guard/policy/schema-parts.ts";
import { prompt, type PromptCall } from "../../../src/services/prompt.ts";
import { resource, type ResourceCall } from "../../../src/services/resource.ts";
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
    name: "paint",
    title: "Paint",
    description: "Asks which colour, and how often.",
    access: "read",
    toolset: "extra",
    input: v.strictObject({ name }),
    output: v.object({ said: v.array(v.unknown()) }),
    async run(input, { backend, ask }: Call) {
      backend.done.push(`paint ${input.name}`);
      const colour = await ask({
        name: "colour",
        message: `Which colour for ${input.name}? password: hunter2hunter2`,
        form: v.object({ colour: v.picklist(["red", "green"]) }),
      });
      if (colour.state !== "answered") return { data: { said: [colour.state] } };
      const coats = await ask({
        name: "coats",
        message: "How many coats?",
        form: v.object({ coats: v.optional(v.pipe(v.number(), v.integer(), v.maxValue(3)), 1) }),
      });
      return { data: { said: [colour.values.colour, coats.state === "answered" ? coats.values.coats : coats.state] } };
    },
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

type Asked = PromptCall<Things>;
type Read = ResourceCall<Things>;

const prompts = [
  prompt({
    name: "tidy",
    title: "Tidy up",
    description: "How to tidy a thing",
    needs: ["things_list"],
    input: v.strictObject({
      thing: v.pipe(name, v.description("Which one")),
      how: v.optional(v.pipe(text("a way", 40), v.description("In which way"))),
    }),
    write: ({ thing, how = "well" }, { offers }: Asked) => [
      { text: `Tidy the ${thing} ${how}. password: hunter2hunter2` },
      { role: "assistant", text: offers("things_add") ? "things_add" : "nothing to add" },
    ],
    complete: {
      thing: (_typed, { backend, given }) =>
        [...backend.names].map((one) => (given["how"] === "loud" ? `${one}!` : one)),
      how: () => Promise.reject(new KmError("SVC_003", "Nobody answers")),
    },
  }),
  prompt({
    name: "rebuild",
    title: "Rebuild",
    description: "How to build things anew",
    needs: ["things_add"],
    input: EMPTY,
    write: () => [{ text: "Use things_add." }],
  }),
  prompt({
    name: "wait",
    title: "Wait",
    description: "Written slowly",
    needs: [],
    input: EMPTY,
    async write(_none, { backend, signal }: Asked) {
      await (await backend()).slow(signal);
      return [{ text: "done" }];
    },
  }),
  prompt({
    name: "wordy",
    title: "Wordy",
    description: "Has many words",
    needs: [],
    input: v.strictObject({ bytes: v.string() }),
    write: ({ bytes }) => [{ text: "x".repeat(Number(bytes)) }],
  }),
];

const resources = [
  resource({
    name: "thing",
    title: "A thing",
    description: "What is known of a thing",
    mimeType: "text/plain",
    uri: "things://{name}",
    needs: "things_list",
    variables: v.strictObject({ name }),
    identify: async (one) => await Promise.resolve(`things://${one.name.toLowerCase()}`),
    async read(one, { backend }: Read) {
      if (!backend.names.has(one.name)) throw new KmError("SVC_006", `There is no ${one.name}`);
      return await Promise.resolve({ mimeType: "text/plain", text: `${one.name}\npassword: hunter2hunter2` });
    },
    look: async (one, { backend }) => await Promise.resolve(`${backend.names.has(one.name)} ${backend.state}`),
    list: async ({ backend }) =>
      await Promise.resolve([...backend.names].map((one) => ({ uri: `things://${one}`, name: one }))),
    complete: { name: (_typed, { backend }) => [...backend.names] },
  }),
  resource({
    name: "picture",
    title: "A picture",
    description: "So many bytes",
    mimeType: "image/png",
    uri: "pictures://{bytes}",
    variables: v.strictObject({ bytes: v.string() }),
    read: async ({ bytes }) =>
      await Promise.resolve({ mimeType: "image/png", base64: Buffer.alloc(Number(bytes)).toString("base64") }),
  }),
  resource({
    name: "slow",
    title: "Slow",
    description: "Read slowly",
    uri: "slow://thing",
    variables: EMPTY,
    async read(_none, { backend, signal }: Read) {
      await backend.slow(signal);
      return { text: "done" };
    },
  }),
];

export function thingsService(things: Things): Service<Record<string, unknown>, Things> {
  return {
    name: "things",
    title: "Things",
    description: "Things for tests",
    config: v.object({}),
    tools,
    prompts,
    resources,
    open: async () => await Promise.resolve(things),
    probe: async () => await Promise.resolve([{ name: "things", isReady: true, detail: "there" }]),
    async close() {
      things.isClosed = true;
      await Promise.resolve();
    },
  };
}

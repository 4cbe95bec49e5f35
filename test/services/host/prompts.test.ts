/** Prompts of services: who is offered which, what they say, and what their arguments can be. */
import { describe, expect, test } from "bun:test";
import { roleCaller } from "../../../src/services/host/role-caller.ts";
import { openHost, type Said, type Speaker } from "./host-fixture.ts";

const TIMEOUT = 30_000;
const ERAS = ["modern", "legacy"] as const;

async function namesOf(speaker: Speaker): Promise<string[]> {
  return ((await speaker.ask("prompts/list")).result?.prompts ?? []).map(({ name }) => name);
}

function textsOf({ result }: Said): (string | undefined)[] {
  return (result?.messages ?? []).map(({ content }) => content.text);
}

async function completed(speaker: Speaker, name: string, argument: string, value: string, given = {}): Promise<Said> {
  return await speaker.ask("completion/complete", {
    ref: { type: "ref/prompt", name },
    argument: { name: argument, value },
    context: { arguments: given },
  });
}

describe.each(ERAS)("%s", (era) => {
  test(
    "what is offered depends on the tools that are",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      const { result } = await speaker.ask("prompts/list");
      expect(result?.prompts?.map(({ name }) => name)).toEqual(["things_tidy", "things_wait", "things_wordy"]);
      expect<unknown>(result?.prompts?.[0]).toEqual({
        name: "things_tidy",
        title: "Tidy up",
        description: "How to tidy a thing",
        arguments: [
          { name: "thing", description: "Which one", required: true },
          { name: "how", description: "In which way", required: false },
        ],
      });
      const said = await speaker.ask("prompts/get", { name: "things_tidy", arguments: { thing: "lamp" } });
      expect(textsOf(said)).toEqual(["Tidy the lamp well. password: [redacted:password]", "nothing to add"]);
      const settings = opened.settings("allow: [write]\n");
      await opened.host.change(settings, opened.opened(settings, opened.things));
      expect(await namesOf(speaker)).toContain("things_rebuild");
      expect(
        textsOf(await speaker.ask("prompts/get", { name: "things_tidy", arguments: { thing: "lamp", how: "" } })),
      ).toEqual(["Tidy the lamp well. password: [redacted:password]", "things_add"]);
    },
    TIMEOUT,
  );

  test(
    "clients hear that there may be others",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      await speaker.ask("prompts/list");
      if (era === "modern") {
        void speaker.ask("subscriptions/listen", { notifications: { promptsListChanged: true } });
        while (speaker.heard.length === 0) await Bun.sleep(5);
      }
      const settings = opened.settings("");
      await opened.host.change(settings, opened.opened(settings, opened.things));
      while (!speaker.heard.some(({ method }) => method === "notifications/prompts/list_changed")) await Bun.sleep(5);
      // What was not asked for is not said since 2026-07-28.
      const logs = speaker.heard.filter(({ method }) => method === "notifications/message");
      expect(logs.length).toBe(era === "legacy" ? 1 : 0);
    },
    TIMEOUT,
  );

  test.each([
    [{}, "Argument thing is missing."],
    [{ thing: "" }, "Argument thing is missing."],
    [{ thing: "x".repeat(41) }, "Argument thing cannot be"],
    [{ thing: "lamp", thin: "a" }, 'There is no argument "thin". Did you mean thing?'],
    [{ thing: "password: hunter2hunter2 ".repeat(3) }, "[redacted:password]"],
  ])(
    "wrong arguments: %p",
    async (args, text) => {
      await using opened = openHost();
      const { error } = await opened.speak({ era }).ask("prompts/get", { name: "things_tidy", arguments: args });
      expect([error?.code, error?.message]).toEqual([-32_602, expect.stringContaining(text)]);
      expect(error?.message).not.toContain("hunter2");
      expect(opened.calls.map(({ kind, outcome, code }) => [kind, outcome, code])).toEqual([
        ["prompt", "refused", "SVC_001"],
      ]);
    },
    TIMEOUT,
  );
});

describe("roles", () => {
  test(
    "a prompt takes one for itself, and for each tool that it cannot do without",
    async () => {
      await using opened = openHost("allow: [write]\n");
      const of = (role: object): Speaker => opened.speak({ caller: roleCaller("user:ada", [["one", role]]) });
      expect(await namesOf(of({ tools: "*" }))).toEqual([]);
      expect(await namesOf(of({ prompts: "*" }))).toEqual(["things_wait", "things_wordy"]);
      expect(await namesOf(of({ prompts: "*_tidy", tools: "*_list" }))).toEqual(["things_tidy"]);
      expect(await namesOf(of({ prompts: "*", tools: "*", servers: "other" }))).toEqual([]);
      const none = of({ tools: "*" });
      const refused = await none.ask("prompts/get", { name: "things_tidy", arguments: { thing: "lamp" } });
      expect(refused.error).toEqual({ code: -32_602, message: "Unknown prompt: things_tidy" });
      expect((await completed(none, "things_tidy", "thing", "")).error?.code).toBe(-32_602);
      const half = of({ prompts: "*", tools: "*_list" });
      const said = await half.ask("prompts/get", { name: "things_tidy", arguments: { thing: "lamp" } });
      // What is not theirs is not recommended either.
      expect(textsOf(said)).toContain("nothing to add");
    },
    TIMEOUT,
  );
});

describe("bounds", () => {
  test(
    "what is too large is an error",
    async () => {
      await using opened = openHost("limits: { answer: 4kb }\n");
      const speaker = opened.speak();
      const get = async (bytes: number): Promise<Said> =>
        await speaker.ask("prompts/get", { name: "things_wordy", arguments: { bytes: String(bytes) } });
      expect(textsOf(await get(3000))).toEqual(["x".repeat(3000)]);
      expect((await get(5000)).error?.message).toStartWith("The answer would have 5 KB, and 4 KB are allowed.");
      expect((await get(100_000)).error?.code).toBe(-32_603);
    },
    TIMEOUT,
  );

  test(
    "one that takes too long ends, and one that is cancelled",
    async () => {
      await using opened = openHost("limits: { timeout: 1s }\n");
      const speaker = opened.speak({ era: "legacy" });
      const { error } = await speaker.ask("prompts/get", { name: "things_wait" });
      expect(error?.message).toStartWith("things_wait took longer than 1 s.");
      expect(opened.things.running).toBe(0);
      void speaker.ask("prompts/get", { name: "things_wait" });
      await opened.things.slowBegun();
      // The third one, behind the handshake.
      await speaker.tell("notifications/cancelled", { requestId: 3 });
      while (opened.calls.length < 2) await Bun.sleep(5);
      expect([opened.things.running, opened.calls[1]?.outcome]).toEqual([0, "cancelled"]);
    },
    TIMEOUT,
  );
});

describe("completion", () => {
  test.each(ERAS)(
    "what begins so, then what has it within (%s)",
    async (era) => {
      await using opened = openHost();
      for (const name of ["lamp shade", "Lamp post", "stool", "old lamp", "password: hunter2hunter2"])
        opened.things.names.add(name);
      const speaker = opened.speak({ era });
      expect((await completed(speaker, "things_tidy", "thing", "la")).result?.completion).toEqual({
        values: ["Lamp post", "lamp", "lamp shade", "old lamp"],
        total: 4,
        hasMore: false,
      });
      expect(
        (await completed(speaker, "things_tidy", "thing", "st", { how: "loud" })).result?.completion?.values,
      ).toEqual(["stool!", "Lamp post!"]);
      expect(JSON.stringify(await completed(speaker, "things_tidy", "thing", ""))).not.toContain("hunter2");
      expect(opened.calls[0]).toMatchObject({ kind: "completion", name: "things_tidy thing", outcome: "ok" });
    },
    TIMEOUT,
  );

  test(
    "no more than the protocol allows; none of what cannot be found out",
    async () => {
      await using opened = openHost();
      for (let at = 0; at < 300; at++) opened.things.names.add(`thing ${at}`);
      const speaker = opened.speak();
      const many = (await completed(speaker, "things_tidy", "thing", "thing")).result?.completion;
      expect([many?.values.length, many?.total, many?.hasMore]).toEqual([100, 300, true]);
      expect((await completed(speaker, "things_tidy", "how", "")).result?.completion?.values).toEqual([]);
      expect(opened.calls.at(-1)).toMatchObject({ outcome: "failed", code: "SVC_003" });
      expect((await completed(speaker, "things_wordy", "bytes", "")).result?.completion?.values).toEqual([]);
      expect((await completed(speaker, "things_tidy", "no", "")).error).toEqual({
        code: -32_602,
        message: "things_tidy has no no. There are: thing, how.",
      });
      expect((await completed(speaker, "constructor", "thing", "")).error?.code).toBe(-32_602);
      expect((await completed(speaker, "things_tidy", "__proto__", "")).error?.code).toBe(-32_602);
    },
    TIMEOUT,
  );
});

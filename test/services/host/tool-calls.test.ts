/** The gates that each call passes, and what becomes of its answer. */
import { describe, expect, test } from "bun:test";
import { roleCaller } from "../../../src/services/host/role-caller.ts";
import { openHost, type Said, textOf } from "./host-fixture.ts";

const TIMEOUT = 30_000;

describe("which tools there are", () => {
  test(
    "only those that read, of the toolset core, unless more is allowed; each with its hints",
    async () => {
      await using opened = openHost();
      const { result } = await opened.speak().ask("tools/list");
      expect(result?.tools?.map(({ name }) => name)).toEqual([
        "things_list",
        "things_slow",
        "things_secret",
        "things_broken",
      ]);
      expect(result?.tools?.[0]?.annotations).toEqual({
        readOnlyHint: true,
        destructiveHint: false,
        idempotentHint: true,
      });
    },
    TIMEOUT,
  );

  test(
    "with everything allowed, those that may destroy say so",
    async () => {
      await using opened = openHost("allow: [write, destructive]\ntoolsets: [all]\n");
      const { result } = await opened.speak({ era: "legacy" }).ask("tools/list");
      expect(result?.tools?.length).toBe(9);
      const hints = { readOnlyHint: false, destructiveHint: true, idempotentHint: false };
      expect(result?.tools?.find(({ name }) => name === "things_destroy")?.annotations).toEqual(hints);
    },
    TIMEOUT,
  );

  test(
    "what is not in the list is not called either, and who may ask is told why",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak();
      const add = await speaker.call("things_add", { name: "sofa" });
      expect([add.result?.isError, textOf(add)]).toEqual([
        true,
        "things_add is not allowed here: it is write, and only read is. Whoever runs this server can allow it: km serve --allow write.",
      ]);
      expect(textOf(await speaker.call("things_large", { bytes: 1 }))).toContain("--toolsets core,extra");
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "names leave tools out, as if there were none",
    async () => {
      await using opened = openHost('tools: ["*", "!*_secret"]\n');
      const speaker = opened.speak();
      const { result } = await speaker.ask("tools/list");
      expect(result?.tools?.some(({ name }) => name === "things_secret")).toBe(false);
      expect((await speaker.call("things_secret")).error).toMatchObject({ code: -32_602 });
    },
    TIMEOUT,
  );

  test(
    "a role sees and calls its tools alone, of its services alone",
    async () => {
      await using opened = openHost("allow: [write]\n");
      const reader = opened.speak({ caller: roleCaller("user:ada", [["reader", { tools: ["*_list", "*_slow"] }]]) });
      expect((await reader.ask("tools/list")).result?.tools?.map(({ name }) => name)).toEqual([
        "things_list",
        "things_slow",
      ]);
      for (const name of ["things_add", "things_secret", "things_none", "THINGS_LIST", "things_list "]) {
        expect((await reader.call(name, { name: "x" })).error).toMatchObject({ code: -32_602 });
      }
      const elsewhere = roleCaller("user:eve", [["elsewhere", { tools: "*", servers: "other" }]]);
      expect((await opened.speak({ caller: elsewhere }).ask("tools/list")).result?.tools).toEqual([]);
      const nothing = roleCaller("user:eve", []);
      expect((await opened.speak({ caller: nothing }).call("things_list")).error).toMatchObject({ code: -32_602 });
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("arguments", () => {
  test.each([
    [{ prefx: "l" }, 'There is no argument "prefx". Did you mean prefix?'],
    [{ nothing: 1 }, 'There is no argument "nothing". There are: prefix.'],
    [{ prefix: 5 }, "Argument prefix cannot be 5. Allowed: a name."],
    [{ prefix: null }, "Argument prefix cannot be null. Allowed: a name."],
    [{ dry_run: true }, 'There is no argument "dry_run". There are: prefix.'],
  ])(
    "%j: %s",
    async (args, text) => {
      await using opened = openHost();
      const said = await opened.speak().call("things_list", args);
      expect([said.result?.isError, textOf(said)]).toEqual([true, text]);
    },
    TIMEOUT,
  );

  test(
    "what is missing is named, and nothing is changed on the way",
    async () => {
      await using opened = openHost("allow: [write]\n");
      const speaker = opened.speak();
      expect(textOf(await speaker.call("things_add"))).toBe("Argument name is missing. Allowed: a text.");
      const misspelt = await speaker.call("things_add", { nmae: "x" });
      expect(textOf(misspelt)).toBe('There is no argument "nmae". Did you mean name?');
      const odd = "a & b; 'c' \"d\" | $e";
      expect((await speaker.call("things_add", { name: odd })).result?.structuredContent).toEqual({ added: odd });
    },
    TIMEOUT,
  );
});

describe("answers", () => {
  test(
    "have their secrets masked, and are still what the schema says",
    async () => {
      await using opened = openHost();
      const said = await opened.speak().call("things_secret");
      expect(said.result?.structuredContent).toEqual({ count: 3, list: [{ token: "[redacted:token]" }] });
      expect(textOf(said)).toBe("password: [redacted:password]");
    },
    TIMEOUT,
  );

  test(
    "are no larger than they may be",
    async () => {
      await using opened = openHost("toolsets: [all]\nlimits: { answer: 2kb }\n");
      const speaker = opened.speak();
      expect((await speaker.call("things_large", { bytes: 1000 })).result?.isError).toBeUndefined();
      const large = await speaker.call("things_large", { bytes: 5000 });
      expect([large.result?.isError, textOf(large)]).toEqual([
        true,
        "The answer would have 5 KB, and 2 KB are allowed. Ask for less: fewer items or a narrower filter.",
      ]);
    },
    TIMEOUT,
  );

  test(
    "a fault of km's own is told to the operator, and not to the model",
    async () => {
      await using opened = openHost();
      const broken = await opened.speak().call("things_broken");
      expect(broken.result?.isError).toBe(true);
      expect(JSON.stringify(broken)).not.toContain("undefined");
      expect(opened.faults).toEqual(["things_broken: TypeError: cannot read password: hunter2hunter2 of undefined"]);
    },
    TIMEOUT,
  );
});

describe("arguments as they are recorded", () => {
  test(
    "have of contents only how long they are, and nothing of what is too deep",
    async () => {
      await using opened = openHost("allow: [write]\nlimits: { timeout: 1s }\n");
      const speaker = opened.speak();
      await speaker.call("things_build", { plan: "secret in a form that nobody knows" });
      let deep: unknown = 1;
      for (let depth = 0; depth < 5000; depth++) deep = { deep };
      const refused = await speaker.call("things_build", { plan: deep });
      expect([refused.result?.isError, textOf(refused)]).toEqual([true, "The arguments are nested deeper than 200."]);
      expect(opened.calls.map(({ args, outcome }) => [args, outcome])).toEqual([
        [{ plan: "[34 characters]" }, "failed"],
        [{}, "refused"],
      ]);
    },
    TIMEOUT,
  );
});

describe("time", () => {
  test(
    "a call that writes and takes too long may have been done all the same",
    async () => {
      await using opened = openHost("allow: [write]\nlimits: { timeout: 1s }\n");
      const late = await opened.speak().call("things_build");
      expect(textOf(late)).toBe(
        "things_build took longer than 1 s. It may have been done all the same: look before you try again. Ask for less, or whoever runs this server can allow more time: limits.timeout of services.yaml.",
      );
    },
    TIMEOUT,
  );

  test(
    "a call that takes too long is aborted, and says so",
    async () => {
      await using opened = openHost("limits: { timeout: 1s }\n");
      const late = await opened.speak().call("things_slow");
      expect([late.result?.isError, textOf(late)]).toEqual([
        true,
        expect.stringContaining("things_slow took longer than 1 s"),
      ]);
      expect([opened.things.running, opened.calls[0]?.code]).toEqual([0, "SVC_003"]);
    },
    TIMEOUT,
  );

  test.each(["modern", "legacy"] as const)(
    "a cancelled call is aborted (%s)",
    async (era) => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      if (era === "legacy") await speaker.ask("ping");
      void speaker.call("things_slow");
      await opened.things.slowBegun();
      const requestId = era === "legacy" ? 3 : 1;
      await speaker.tell("notifications/cancelled", { requestId });
      while (opened.calls.length === 0) await Bun.sleep(5);
      expect([opened.things.running, opened.calls[0]?.outcome]).toEqual([0, "cancelled"]);
    },
    TIMEOUT,
  );

  test(
    "progress is told to who asked for it",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak();
      const answer = speaker.ask("tools/call", { name: "things_slow", arguments: {}, _meta: { progressToken: "p" } });
      await opened.things.slowBegun();
      opened.things.release();
      await answer;
      expect(
        speaker.heard.map(({ method, params }) => [method, params?.["progressToken"], params?.["progress"]]),
      ).toEqual([["notifications/progress", "p", 1]]);
    },
    TIMEOUT,
  );
});

describe("calls at a time", () => {
  /** @returns the answers of so many calls, by one caller or each by its own */
  async function flood(count: number, isShared: boolean, limits: string) {
    await using opened = openHost(`limits: ${limits}\n`);
    const speakers = Array.from({ length: isShared ? 1 : count }, (_, index) =>
      opened.speak({ caller: roleCaller(isShared ? "one" : `caller ${index}`, undefined) }),
    );
    const answers: Promise<Said>[] = [];
    for (let index = 0; index < count; index++) {
      const speaker = speakers[isShared ? 0 : index];
      if (speaker !== undefined) answers.push(speaker.call("things_slow"));
    }
    while (opened.host.openCalls + opened.calls.length < count) await Bun.sleep(1);
    while (opened.calls.length < count) {
      opened.things.release();
      await Bun.sleep(1);
    }
    const refused = (await Promise.all(answers)).filter(({ result }) => result?.isError).length;
    return { most: opened.things.mostRunning, refused };
  }

  test(
    "of one caller are bounded; the others wait for their turn",
    async () => {
      expect(await flood(10, true, "{ caller_calls: 3, service_calls: 100 }")).toEqual({ most: 3, refused: 0 });
    },
    TIMEOUT,
  );

  test(
    "of one service are bounded, whoever calls",
    async () => {
      expect(await flood(10, false, "{ caller_calls: 100, service_calls: 2 }")).toMatchObject({ most: 2 });
    },
    TIMEOUT,
  );

  test(
    "beyond what may wait are refused",
    async () => {
      expect(await flood(10, true, "{ caller_calls: 1, service_calls: 100 }")).toEqual({ most: 1, refused: 5 });
    },
    TIMEOUT,
  );
});

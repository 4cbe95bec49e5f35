/** What may destroy something is done when a person has agreed to just that, and never otherwise. */
import { describe, expect, setSystemTime, test } from "bun:test";
import { roleCaller } from "../../../src/services/host/role-caller.ts";
import { ELICITING, openHost, type Said, type Speaker, textOf } from "./host-fixture.ts";

const DESTRUCTIVE = "allow: [write, destructive]\n";
const TIMEOUT = 30_000;
const CHANGED = "What would happen has changed since; look again.";
const NOT_THIS = "What was agreed to was another call, was done already, or is too long ago: ask anew.";

function accepted(confirm: unknown = true): object {
  return { confirm: { action: "accept", content: { confirm } } };
}

async function asked(
  speaker: Speaker,
  args: object = { name: "lamp" },
): Promise<Said["result"] & { requestState: string }> {
  const { result } = await speaker.call("things_destroy", args);
  if (result?.resultType !== "input_required" || result.requestState === undefined) throw new Error("nobody was asked");
  return { ...result, requestState: result.requestState };
}

async function answered(
  speaker: Speaker,
  requestState: string,
  inputResponses: object,
  args: object = { name: "lamp" },
) {
  return await speaker.call("things_destroy", args, { requestState, inputResponses });
}

describe("a destructive call of the modern era", () => {
  test(
    "is done when the person agrees, who was shown what dry_run shows, without secrets",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const dry = await speaker.call("things_destroy", { name: "lamp", dry_run: true });
      const { inputRequests, requestState } = await asked(speaker);
      expect(inputRequests?.confirm?.params?.message).toBe(textOf(dry));
      expect(textOf(dry)).toBe("Destroys the lamp\n\nits password: [redacted:password]");
      expect(opened.things.done).toEqual([]);
      const done = await answered(speaker, requestState, accepted());
      expect(done.result?.structuredContent).toEqual({ destroyed: "lamp" });
      expect([opened.things.done, opened.calls.map(({ outcome }) => outcome)]).toEqual([
        ["destroy lamp"],
        ["ok", "asked", "ok"],
      ]);
    },
    TIMEOUT,
  );

  test(
    "is done once: the same answer again is refused",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      await answered(speaker, requestState, accepted());
      opened.things.names.add("lamp");
      const again = await answered(speaker, requestState, accepted());
      expect([again.result?.isError, textOf(again)]).toEqual([true, NOT_THIS]);
      expect(opened.things.done).toEqual(["destroy lamp"]);
    },
    TIMEOUT,
  );

  test(
    "is done once, also where the answer comes twice at the same time",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      const both = await Promise.all([1, 2].map(async () => await answered(speaker, requestState, accepted())));
      expect(both.filter(({ result }) => result?.isError === true).length).toBe(1);
      expect(opened.things.done).toEqual(["destroy lamp"]);
    },
    TIMEOUT,
  );

  test.each([
    ["another thing", { name: "chair" }],
    ["one argument more", { name: "lamp", force: true }],
  ])(
    "is refused for %s than the person was shown",
    async (_, args) => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      expect(textOf(await answered(speaker, requestState, accepted(), args))).toBe(NOT_THIS);
      // Nor is it good any more for what was shown.
      expect(textOf(await answered(speaker, requestState, accepted()))).toBe(NOT_THIS);
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is the same with its arguments in another order",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker, { name: "lamp", force: true });
      await answered(speaker, requestState, accepted(), { force: true, name: "lamp" });
      expect(opened.things.done).toEqual(["destroy lamp"]);
    },
    TIMEOUT,
  );

  test(
    "is refused to another caller",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const ada = opened.speak({ capabilities: ELICITING, caller: roleCaller("user:ada", undefined) });
      const eve = opened.speak({ capabilities: ELICITING, caller: roleCaller("user:eve", undefined) });
      const { requestState } = await asked(ada);
      expect(textOf(await answered(eve, requestState, accepted()))).toBe(NOT_THIS);
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is refused when it comes too late",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      try {
        setSystemTime(new Date(Date.now() + 6 * 60_000));
        const late = await answered(speaker, requestState, accepted());
        expect(late.error?.code ?? textOf(late)).toBe(-32_602);
      } finally {
        setSystemTime();
      }
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is refused with a state that was changed, made up, or is of another km",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      await using other = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      const foreign = await asked(other.speak({ capabilities: ELICITING }));
      const at = requestState.length >> 1;
      const flipped = `${requestState.slice(0, at)}${requestState[at] === "A" ? "B" : "A"}${requestState.slice(at + 1)}`;
      for (const state of [
        flipped,
        `${requestState}x`,
        requestState.slice(0, -4),
        "",
        "v1.e30.e30",
        foreign.requestState,
      ]) {
        const { error } = await answered(speaker, state, accepted());
        expect(error?.code).toBe(-32_602);
      }
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is refused when what would happen is not any more what the person was shown",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      opened.things.state = ", which somebody sits under";
      const changed = await answered(speaker, requestState, accepted());
      expect([changed.result?.isError, textOf(changed)]).toEqual([true, CHANGED]);
      expect(textOf(await answered(speaker, requestState, accepted()))).toBe(NOT_THIS);
      expect(opened.things.done).toEqual([]);
      const again = await asked(speaker);
      expect(again.inputRequests?.confirm?.params?.message).toContain("sits under");
      await answered(speaker, again.requestState, accepted());
      expect(opened.things.done).toEqual(["destroy lamp"]);
    },
    TIMEOUT,
  );

  test(
    "is refused when the thing is gone meanwhile",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      opened.things.names.delete("lamp");
      expect(textOf(await answered(speaker, requestState, accepted()))).toBe("There is no lamp.");
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is shown without what deceives the eye",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      opened.things.state = "\u202egpj.lamp\u202c \u001b[2J\u200b";
      const { inputRequests } = await asked(speaker);
      const shown = String.raw`Destroys the lamp\u202egpj.lamp\u202c \u001b[2J\u200b`;
      expect(inputRequests?.confirm?.params?.message).toBe(`${shown}\n\nits password: [redacted:password]`);
    },
    TIMEOUT,
  );

  test(
    "is not forgotten because another caller asks much",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const ada = opened.speak({ capabilities: ELICITING, caller: roleCaller("user:ada", undefined) });
      const eve = opened.speak({ capabilities: ELICITING, caller: roleCaller("user:eve", undefined) });
      const { requestState } = await asked(ada);
      const first = await asked(eve);
      for (let count = 0; count < 100; count++) await asked(eve);
      expect(textOf(await answered(eve, first.requestState, accepted()))).toBe(NOT_THIS);
      expect((await answered(ada, requestState, accepted())).result?.structuredContent).toEqual({ destroyed: "lamp" });
    },
    TIMEOUT,
  );

  test.each([
    ["declines", { confirm: { action: "decline" } }],
    ["cancels", { confirm: { action: "cancel" } }],
    ["says no", accepted(false)],
    ["says nothing", {}],
    ["answers something else", accepted("yes")],
    ["answers another question", { other: { action: "accept", content: { confirm: true } } }],
  ])(
    "is not done where the person %s",
    async (_, answer) => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { requestState } = await asked(speaker);
      expect(textOf(await answered(speaker, requestState, answer))).toBe("The user did not agree to it.");
      expect(textOf(await answered(speaker, requestState, accepted()))).toBe(NOT_THIS);
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "asks, whatever answers come with a call that was never asked about",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ capabilities: ELICITING });
      const { result } = await speaker.call("things_destroy", { name: "lamp" }, { inputResponses: accepted() });
      expect(result?.resultType).toBe("input_required");
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test.each([
    ["nothing", {}],
    ["URLs alone", { elicitation: { url: {} } }],
  ])(
    "is refused to a client that can ask for %s",
    async (_, capabilities) => {
      await using opened = openHost(DESTRUCTIVE);
      const { result } = await opened.speak({ capabilities }).call("things_destroy", { name: "lamp" });
      expect([result?.isError, result?.content?.[0]?.text]).toEqual([
        true,
        expect.stringContaining("cannot ask anybody"),
      ]);
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "that cannot be done is not asked about",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const missing = await opened.speak({ capabilities: ELICITING }).call("things_destroy", { name: "sofa" });
      expect([missing.result?.isError, textOf(missing)]).toEqual([true, "There is no sofa."]);
    },
    TIMEOUT,
  );
});

describe("a destructive call of the legacy era", () => {
  test(
    "is refused when what would happen changes while the person thinks",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ era: "legacy", capabilities: { elicitation: {} } });
      speaker.answers = () => {
        opened.things.state = ", which somebody sits under";
        return { action: "accept", content: { confirm: true } };
      };
      expect(textOf(await speaker.call("things_destroy", { name: "lamp" }))).toBe(CHANGED);
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "is done when the person agrees, and not when they do not",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const speaker = opened.speak({ era: "legacy", capabilities: { elicitation: {} } });
      speaker.answers = () => ({ action: "decline" });
      expect(textOf(await speaker.call("things_destroy", { name: "lamp" }))).toBe("The user did not agree to it.");
      speaker.answers = () => ({ action: "accept", content: { confirm: true } });
      expect((await speaker.call("things_destroy", { name: "lamp" })).result?.structuredContent).toEqual({
        destroyed: "lamp",
      });
      expect(speaker.heard.map(({ method }) => method)).toEqual(["elicitation/create", "elicitation/create"]);
      expect(opened.things.done).toEqual(["destroy lamp"]);
    },
    TIMEOUT,
  );

  test(
    "is refused to a client that cannot ask",
    async () => {
      await using opened = openHost(DESTRUCTIVE);
      const refused = await opened.speak({ era: "legacy" }).call("things_destroy", { name: "lamp" });
      expect(textOf(refused)).toContain("cannot ask anybody");
      expect(opened.things.done).toEqual([]);
    },
    TIMEOUT,
  );
});

/** What a tool or prompt asks the person at the client: for that call alone, and as often as it takes. */
import { describe, expect, test } from "bun:test";
import { roleCaller } from "../../../src/services/host/role-caller.ts";
import { ELICITING, openHost, type OpenedHost, type Said, type Speaker } from "./host-fixture.ts";

const TIMEOUT = 30_000;
const EXTRA = "toolsets: [extra]\n";
const LAMP = { name: "lamp" };

function accepted(content: object): object {
  return { action: "accept", content };
}

function asking(opened: OpenedHost, principal = "user:ada"): Speaker {
  return opened.speak({ capabilities: ELICITING, caller: roleCaller(principal, undefined) });
}

/** With what came back from before. */
async function again(speaker: Speaker, before: Said, inputResponses: object, args: object = LAMP): Promise<Said> {
  const { requestState } = before.result ?? {};
  return await speaker.call("things_paint", args, { requestState, inputResponses });
}

function askedFor({ result }: Said): string[] {
  return Object.keys(result?.inputRequests ?? {});
}

describe("since 2026-07-28", () => {
  test(
    "one question after the other; what was answered stays so",
    async () => {
      await using opened = openHost(EXTRA);
      const speaker = asking(opened);
      const first = await speaker.call("things_paint", LAMP);
      expect(first.result).toMatchObject({
        resultType: "input_required",
        inputRequests: {
          colour: {
            method: "elicitation/create",
            params: {
              message: "Which colour for lamp? password: [redacted:password]",
              requestedSchema: {
                type: "object",
                properties: { colour: { type: "string", enum: ["red", "green"] } },
                required: ["colour"],
              },
            },
          },
        },
      });
      const second = await again(speaker, first, { colour: accepted({ colour: "red" }) });
      expect(askedFor(second)).toEqual(["coats"]);
      const done = await again(speaker, second, { coats: accepted({ coats: 2 }) });
      expect(done.result?.structuredContent).toEqual({ said: ["red", 2] });
      expect(opened.calls.map(({ outcome }) => outcome)).toEqual(["asked", "asked", "ok"]);
      // Who does not fill a field in takes what it has.
      const usual = await again(speaker, second, { coats: { action: "accept" } });
      expect(usual.result?.structuredContent).toEqual({ said: ["red", 1] });
    },
    TIMEOUT,
  );

  test.each([
    [{ action: "decline" }, ["declined"]],
    [{ action: "cancel" }, ["declined"]],
  ])(
    "%p: the tool goes on without",
    async (reply, said) => {
      await using opened = openHost(EXTRA);
      const speaker = asking(opened);
      const done = await again(speaker, await speaker.call("things_paint", LAMP), { colour: reply });
      expect(done.result?.structuredContent).toEqual({ said });
    },
    TIMEOUT,
  );

  test.each([
    [accepted({ colour: "blue" })],
    [accepted({})],
    [{ action: "accept", content: "red" }],
    [{ action: "perhaps", content: { colour: "red" } }],
    ["red"],
    [null],
    [{ method: "elicitation/create", result: accepted({ colour: "red" }) }],
  ])(
    "%p is no answer: it is asked once more",
    async (reply) => {
      await using opened = openHost(EXTRA);
      const speaker = asking(opened);
      const first = await speaker.call("things_paint", LAMP);
      const second = await again(speaker, first, { colour: reply });
      expect(askedFor(second)).toEqual(["colour"]);
      const done = await again(speaker, first, { colour: accepted({ colour: "green" }) });
      expect(askedFor(done)).toEqual(["coats"]);
    },
    TIMEOUT,
  );

  test(
    "what was answered before counts for that call from that caller alone",
    async () => {
      await using opened = openHost(EXTRA);
      const [ada, eve] = [asking(opened), asking(opened, "user:eve")];
      const first = await ada.call("things_paint", LAMP);
      const inputResponses = { colour: accepted({ colour: "red" }) };
      expect(askedFor(await ada.call("things_paint", LAMP, { inputResponses }))).toEqual(["coats"]);
      for (const said of [
        await again(eve, first, inputResponses),
        await again(ada, first, inputResponses, { name: "chair" }),
      ]) {
        expect(said.result?.isError).toBe(true);
        expect(said.result?.content?.[0]?.text).toBe("What was answered was asked by another call. Call it anew.");
      }
      const { requestState = "" } = first.result ?? {};
      for (const state of [`${requestState}a`, requestState.slice(0, -4), "", "e30.e30"]) {
        const said = await ada.call("things_paint", LAMP, { requestState: state, inputResponses });
        expect(said.error?.code).toBe(-32_602);
      }
    },
    TIMEOUT,
  );
});

test(
  "a session of before is asked by the server itself",
  async () => {
    await using opened = openHost(EXTRA);
    const speaker = opened.speak({ era: "legacy", capabilities: ELICITING });
    const messages: unknown[] = [];
    speaker.answers = ({ params }) => {
      messages.push(params?.["message"]);
      return accepted(messages.length === 1 ? { colour: "green" } : { coats: 3 });
    };
    expect((await speaker.call("things_paint", LAMP)).result?.structuredContent).toEqual({ said: ["green", 3] });
    expect(messages).toEqual(["Which colour for lamp? password: [redacted:password]", "How many coats?"]);
  },
  TIMEOUT,
);

test.each(["modern", "legacy"] as const)(
  "a client without forms is not asked (%s)",
  async (era) => {
    await using opened = openHost(EXTRA);
    const speaker = opened.speak({ era, capabilities: { elicitation: { url: {} } } });
    expect((await speaker.call("things_paint", LAMP)).result?.structuredContent).toEqual({ said: ["unable"] });
  },
  TIMEOUT,
);

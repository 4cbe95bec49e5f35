/** `answerElicitation`: what is asked of a person, and what becomes of the answers. */
import { expect, test } from "bun:test";
import { answerElicitation } from "../../src/connect/answer-elicitation.ts";
import { colours } from "../../src/terminal.ts";

const paint = await colours({});

/** Answers in their order; `undefined` for Ctrl-C. */
async function asked(params: Record<string, unknown>, answers: (string | undefined)[], canOpen = true) {
  const told: string[] = [];
  const opened: string[] = [];
  const reply = await answerElicitation(
    { method: "elicitation/create", params },
    {
      server: "files",
      colours: paint,
      openPage: (url) => {
        opened.push(url);
        return canOpen;
      },
      asker: {
        ask: (question) => {
          told.push(question);
          if (answers.length === 0) throw new Error(`nobody expected ${question}`);
          return Promise.resolve(answers.shift());
        },
        tell: (text) => void told.push(text),
      },
    },
    undefined,
  );
  return { reply, told: told.join("\n"), opened };
}

function result(value: object) {
  return { result: JSON.stringify(value) };
}

const FORM = {
  message: "Who are you?",
  requestedSchema: {
    type: "object",
    properties: {
      age: { type: "integer", minimum: 18 },
      name: { type: "string" },
      pet: { enum: ["dog", "cat"], default: "cat" },
    },
    required: ["name"],
  },
};

test("required fields come first, wrong answers are asked for again, Enter takes defaults and leaves out the rest", async () => {
  const { reply, told } = await asked(FORM, ["", "Ann", "12", "", "", ""]);
  expect(reply).toEqual(result({ action: "accept", content: { name: "Ann", pet: "cat" } }));
  expect(told).toContain("files asks: Who are you?");
  expect(told).toContain('It is required; "" is an empty text');
  expect(told).toContain("The value must be a whole number of at least 18, not 12");
});

test("choices are answered by name, number or title, lists with commas", async () => {
  const requestedSchema = {
    properties: {
      a: {
        type: "string",
        oneOf: [
          { const: "x1", title: "First" },
          { const: "x2", title: "Second" },
        ],
      },
      b: { type: "array", items: { type: "string", enum: ["r", "g", "b"] } },
      c: { type: "string", enum: ["u", "v"] },
    },
    required: ["a", "b", "c"],
  };
  const { reply } = await asked({ message: "?", requestedSchema }, ["second", "1, b", "2", "y"]);
  expect(reply).toEqual(result({ action: "accept", content: { a: "x2", b: ["r", "b"], c: "v" } }));
});

test("a default that is a list is shown as it can be typed", async () => {
  const property = { type: "array", items: { enum: ["r", "g", "b"] }, default: ["r", "b"] };
  const { reply, told } = await asked({ message: "?", requestedSchema: { properties: { a: property } } }, ["", "y"]);
  expect(told).toContain("a (any of these, with commas, Enter for r,b): ");
  expect(reply).toEqual(result({ action: "accept", content: { a: ["r", "b"] } }));
});

test("what was filled in is shown before it goes, and can be changed, declined and cancelled", async () => {
  const schema = { properties: { n: { type: "string" } }, required: ["n"] };
  const form = { message: "?", requestedSchema: schema };
  expect((await asked(form, ["a", "e", "b", "y"])).reply).toEqual(result({ action: "accept", content: { n: "b" } }));
  expect((await asked(form, ["a", "d"])).reply).toEqual(result({ action: "decline" }));
  expect((await asked(form, ["a", "c"])).reply).toEqual(result({ action: "cancel" }));
  expect((await asked(form, ["a", undefined])).reply).toEqual(result({ action: "cancel" }));
});

test("who leaves the form says what the server shall hear, or takes it all back", async () => {
  expect((await asked(FORM, [undefined, "d"])).reply).toEqual(result({ action: "decline" }));
  expect((await asked(FORM, [undefined, ""])).reply).toEqual(result({ action: "cancel" }));
  expect((await asked(FORM, [undefined, undefined])).reply).toMatchObject({ error: { message: "nobody answers" } });
});

test("a page is opened only after its host was shown and somebody said yes", async () => {
  const page = { mode: "url", message: "Log in", url: "https://user@еxample.com/x?y" };
  const yes = await asked(page, ["y"]);
  expect(yes).toMatchObject({ reply: result({ action: "accept" }), opened: ["https://user@xn--xample-2of.com/x?y"] });
  expect(yes.told).toContain("Host: xn--xample-2of.com");
  expect(await asked(page, ["d"])).toMatchObject({ reply: result({ action: "decline" }), opened: [] });
  expect(await asked(page, [""])).toMatchObject({ reply: result({ action: "cancel" }), opened: [] });
  expect((await asked(page, ["y"], false)).told).toContain("open the page yourself");
});

test("what is no page of the web is not opened, whatever is said", async () => {
  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "nonsense", undefined]) {
    expect(await asked({ mode: "url", message: "?", url }, [])).toMatchObject({
      reply: result({ action: "cancel" }),
      opened: [],
    });
  }
});

test("what the server writes cannot act on the terminal", async () => {
  const schema = { properties: { "n\u001b[2J": { type: "string", description: "d\u202ee" } } };
  const { told } = await asked({ message: "m\u001b]0;x\u0007", requestedSchema: schema }, ["", "c"]);
  for (const sequence of ["\u0007", "\u202e", "\u001b[2J", "\u001b]"]) expect(told).not.toContain(sequence);
});

/** Large results from the cut to the last part, and what is left of them then. */
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { LargeResults } from "../../../src/guard/results/large-results.ts";
import { READ_TOOL } from "../../../src/guard/results/read-tool.ts";
import { removeAbandonedResults, ResultFolder } from "../../../src/guard/results/result-folder.ts";
import type { HeldMessage, Verdict } from "../../../src/stream/verdict.ts";
import { answer, call, listing, TemporaryFolder, tool } from "../pins/make-listing.ts";

const PASS = { action: "pass" } as const;
const MACHINE = hostname().replace(/[^\w-]/g, "-");
const LONG = Array.from({ length: 400 }, (_, line) => `line ${line} 😀\n`).join("");
const KEEP = join(import.meta.dir, "../../fixtures/keep-result.ts");

class Session extends LargeResults {
  readonly #state: TemporaryFolder;

  constructor(state: TemporaryFolder, { offers = true, mostBytes = 1 << 20 } = {}) {
    super({ stateFolder: state.path, mostBytes });
    this.#state = state;
    const { text, request } = listing([tool("read")]);
    if (offers) this.offer(text, request);
  }

  /** There is one once something is kept. */
  get folder(): string {
    const results = join(this.#state.path, "results");
    return join(results, readdirSync(results)[0] ?? "");
  }
}

function result(value: string): HeldMessage {
  const text = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: value }] } });
  return { direction: "response", method: "tools/call", tool: "read", text, request: call("read").text };
}

/** Of a modified result, or of an answer. */
function textsOf(verdict: Verdict): string[] {
  if (verdict.action !== "modify" && verdict.action !== "answer") throw new Error(verdict.action);
  const value = JSON.parse(verdict.action === "answer" ? `{"result":${verdict.result}}` : verdict.text) as {
    result: { content: { text: string }[] };
  };
  return value.result.content.map(({ text }) => text);
}

function handleIn(texts: string[]): { handle: string; offset: number } {
  return JSON.parse(/\{.*\}/.exec(texts.at(-1) ?? "")?.[0] ?? "{}") as { handle: string; offset: number };
}

test("the parts are the result, none is larger than the bound, and the last says so", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state);
  const { verdict } = await session.cut(result(LONG), 400);
  expect(verdict).toMatchObject({ by: "policy: results.max_tokens" });
  let texts = textsOf(verdict);
  const { handle } = handleIn(texts);
  const parts = [texts[0]];
  while (texts.at(-1)?.includes(handle) === true) {
    texts = textsOf(await session.readOn(call(READ_TOOL, { handle })));
    parts.push(texts[0]);
    expect((texts[0] ?? "").length).toBeLessThanOrEqual(1600);
  }
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.join("")).toBe(LONG);
  expect(texts.at(-1)).toBe("[km: this is the end of the result]");
  expect(textsOf(await session.readOn(call(READ_TOOL, { handle })))).toEqual(["[km: this is the end of the result]"]);
  session.close();
});

test("an offset goes anywhere, and to the beginning of a character", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state);
  const { handle } = handleIn(textsOf((await session.cut(result(LONG), 400)).verdict));
  const at = async (offset: number) => textsOf(await session.readOn(call(READ_TOOL, { handle, offset })))[0] ?? "";
  expect(LONG).toStartWith(await at(0));
  const smile = LONG.indexOf("😀");
  expect((await at(smile)).slice(0, 2)).toBe("😀");
  expect((await at(smile + 1)).slice(0, 2)).toBe("😀");
  expect((await at(smile + 2)).slice(0, 1)).toBe("\n");
  session.close();
});

test("half characters of the server come back as they were", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state);
  const odd = `${"x".repeat(2000)}\ud800${"y".repeat(2000)}\udc00`;
  const texts = textsOf((await session.cut(result(odd), 300)).verdict);
  const { handle, offset } = handleIn(texts);
  let whole = texts[0] ?? "";
  for (let next: number | undefined = offset; next !== undefined;) {
    const part = textsOf(await session.readOn(call(READ_TOOL, { handle, offset: next })));
    whole += part[0];
    next = handleIn(part).offset;
  }
  expect(whole).toBe(odd);
  session.close();
});

test("a wrong handle or offset is an error that says so", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state);
  const { handle } = handleIn(textsOf((await session.cut(result(LONG), 400)).verdict));
  for (const args of [
    {},
    { handle: "r-0" },
    { handle: 7 },
    { handle: `../s1.${MACHINE}.${process.pid}/${handle}` },
    { handle, offset: -1 },
    { handle, offset: 1.5 },
    { handle, offset: "1" },
    { handle, offset: LONG.length + 1 },
  ]) {
    const verdict = await session.readOn(call(READ_TOOL, args));
    expect(verdict).toMatchObject({ action: "answer", result: expect.stringContaining('"isError":true') });
  }
  using other = new TemporaryFolder();
  const stranger = new Session(other);
  expect(textsOf(await stranger.readOn(call(READ_TOOL, { handle })))[0]).toStartWith(
    "There is no result with the handle",
  );
  writeFileSync(join(session.folder, handle), "");
  expect(textsOf(await session.readOn(call(READ_TOOL, { handle })))[0]).toContain("cannot be read any more");
  session.close();
});

test("the modern revision gets its resultType, and no other does", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state);
  const modern = {
    ...call(READ_TOOL),
    text: `{"id":1,"method":"tools/call","params":{"name":"${READ_TOOL}","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`,
  };
  expect(await session.readOn(modern)).toMatchObject({ result: expect.stringContaining('"resultType":"complete"') });
  expect(await session.readOn(call(READ_TOOL))).toMatchObject({ result: expect.not.stringContaining("resultType") });
});

test("km's tool stands at the end of the last page, behind all other characters as they were", () => {
  using state = new TemporaryFolder();
  const session = new Session(state, { offers: false });
  const page = listing([tool("a")], "2");
  expect(session.offer(page.text, page.request)).toBe(page.text);
  const last = listing([tool("b")], undefined, "2");
  const offered = session.offer(last.text, last.request);
  expect(offered).toStartWith(last.text.slice(0, -3));
  const { tools } = (JSON.parse(offered) as { result: { tools: { name: string }[] } }).result;
  expect(tools.map(({ name }) => name)).toEqual(["b", READ_TOOL]);
  const none = listing([]);
  expect(JSON.parse(session.offer(none.text, none.request))).toMatchObject({
    result: { tools: [{ name: READ_TOOL }] },
  });
  const error = '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}';
  expect(session.offer(error, none.request)).toBe(error);
});

test("a server that has a tool of that name keeps it, also on an earlier page, and its results pass whole", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state, { offers: false });
  const page = listing([tool(READ_TOOL)], "2");
  session.offer(page.text, page.request);
  const last = listing([tool("b")], undefined, "2");
  expect(session.offer(last.text, last.request)).toBe(last.text);
  expect(await session.readOn(call(READ_TOOL, { handle: "theirs" }))).toEqual(PASS);
  const { verdict, say } = await session.cut(result(LONG), 400);
  expect(verdict).toEqual(PASS);
  expect(say[0]).toContain("of its own");
});

test("what could not be read on passes whole: a client that knows no tools, a disk that is full, no JSON", async () => {
  using state = new TemporaryFolder();
  const unasked = await new Session(state, { offers: false }).cut(result(LONG), 400);
  expect([unasked.verdict, unasked.say.length]).toEqual([PASS, 1]);
  const full = new Session(state, { mostBytes: 100 });
  expect(await full.cut(result(LONG), 400)).toMatchObject({
    verdict: PASS,
    say: [expect.stringContaining("passed whole")],
  });
  expect((await full.cut(result(LONG), 400)).say).toEqual([]);
  const torn = { ...result(LONG), text: '{"result":{"content":[NaN' };
  expect((await new Session(state).cut(torn, 400)).verdict).toEqual(PASS);
  writeFileSync(join(state.path, "results"), "");
  expect((await new Session(state).cut(result(LONG), 400)).verdict).toEqual(PASS);
});

test("structured content that its schema holds together stays, and that is said", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state, { offers: false });
  const strict = { ...tool("read"), outputSchema: { type: "object", properties: { s: { const: "x".repeat(4000) } } } };
  session.offer(answer([strict]), undefined);
  const structuredContent = { s: "x".repeat(4000) };
  const text = JSON.stringify({ id: 1, result: { content: [{ type: "text", text: LONG }], structuredContent } });
  const { verdict, say } = await session.cut({ ...result(""), text }, 400);
  expect(say[0]).toContain("its schema asks for it");
  expect(verdict).toMatchObject({ action: "modify", text: expect.stringContaining("x".repeat(4000)) });
  session.close();
});

test("only the user can read what is kept; the oldest make room; the end removes all of it", async () => {
  using state = new TemporaryFolder();
  const session = new Session(state, { mostBytes: LONG.length * 2 * 2 });
  const handles: string[] = [];
  for (let index = 0; index < 3; index++) {
    handles.push(handleIn(textsOf((await session.cut(result(LONG), 400)).verdict)).handle);
  }
  expect(readdirSync(session.folder).sort()).toEqual(handles.slice(1).sort());
  if (process.platform !== "win32") {
    expect(statSync(session.folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(session.folder, handles[1] ?? "")).mode & 0o777).toBe(0o600);
  }
  expect(textsOf(await session.readOn(call(READ_TOOL, { handle: handles[0] })))[0]).toContain("is not kept any more");
  session.close();
  expect(readdirSync(join(state.path, "results"))).toEqual([]);
  expect((await session.cut(result(LONG), 400)).verdict).toEqual(PASS);
  expect(readdirSync(join(state.path, "results"))).toEqual([]);
});

test("what a killed session left is removed by the next, and a running one keeps its own", async () => {
  using state = new TemporaryFolder();
  const child = Bun.spawn([process.execPath, KEEP, state.path], { stdout: "pipe", stderr: "inherit" });
  try {
    await child.stdout.getReader().read();
    await removeAbandonedResults(state.path);
    const [folder = ""] = readdirSync(join(state.path, "results"));
    expect(folder).toEndWith(`.${MACHINE}.${child.pid}`);
    expect(readdirSync(join(state.path, "results", folder))).toEqual(["r-1"]);
  } finally {
    child.kill("SIGKILL");
  }
  await child.exited;
  const mine = new ResultFolder(state.path);
  await mine.keep("r-2", "x", 0, 100);
  await removeAbandonedResults(state.path);
  expect(readdirSync(join(state.path, "results"))).toEqual([
    expect.stringMatching(new RegExp(`\\.${MACHINE}\\.${process.pid}$`)),
  ]);
  mine.close();
}, 60_000);

test("what another machine keeps in the same folder is left to it for a day", async () => {
  using state = new TemporaryFolder();
  const results = join(state.path, "results");
  const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
  for (const name of ["s1.elsewhere.99999999", "s2.elsewhere.99999999", `s3.${MACHINE}.99999999`]) {
    mkdirSync(join(results, name), { recursive: true });
  }
  utimesSync(join(results, "s2.elsewhere.99999999"), old, old);
  await removeAbandonedResults(state.path);
  expect(readdirSync(results)).toEqual(["s1.elsewhere.99999999"]);
});

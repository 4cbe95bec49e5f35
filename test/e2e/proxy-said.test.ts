/** What servers say on stderr: beside a log that programs read, in lines of it; else as it is. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeHome } from "./km.ts";
import { META, modern, startProxy } from "./run-proxy.ts";

interface LogLine {
  level: string;
  message: string;
  session?: string;
  principal?: string;
  line?: string;
}

const SAYING = [process.execPath, join(import.meta.dir, "../fixtures/server-saying.ts")];
const say = (text: string, meta = ""): string =>
  `{"jsonrpc":"2.0","id":1,"method":"speak","params":{"say":${JSON.stringify(text)}${meta}}}`;
const linesIn = (text: string): LogLine[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ message }) => message === "server says");

test("with a log file each line is one of the log, with its session; long ones are cut, secrets are masked", async () => {
  using home = makeHome();
  const file = join(home.folder, "proxy.log");
  const proxy = await startProxy(home, ["--log-file", file], SAYING);
  const session = await proxy.open();
  const token = `ghp_${"a1B2".repeat(9)}`;
  await (await proxy.post(say(`one\ntwo "quoted" \u001b[31m\ntoken ${token}\n`), session)).text();
  await (await proxy.post(say(`${"x".repeat(50_000)}\n`), session)).text();
  await (await proxy.post(say("shared\n", `,${META}`), modern("speak"))).text();
  await proxy.end("SIGTERM");
  const lines = linesIn(readFileSync(file, "utf8"));
  const own = lines.filter((line) => line.session === session["mcp-session-id"]).map(({ line }) => line ?? "");
  expect(own.slice(0, 2)).toEqual(["one", 'two "quoted" \u001b[31m']);
  expect(own[2]).toStartWith("token ");
  expect(own[3]).toMatch(/^x{16384} \(and 33616 bytes\)$/);
  expect(lines.filter((line) => line.session === undefined).map(({ line }) => line)).toEqual(["shared"]);
  expect(readFileSync(file, "utf8")).not.toContain(token);
  expect(proxy.stderr()).not.toContain("quoted");
});

test("with --log-format json nothing on stderr is anything else, also what comes without its line feed", async () => {
  using home = makeHome();
  const proxy = await startProxy(home, ["--log-format", "json"], SAYING);
  await (await proxy.post(say("cut off"), await proxy.open())).text();
  await proxy.end("SIGTERM");
  const [first = "", ...rest] = proxy.stderr().trimEnd().split("\n");
  expect(first).toStartWith("km: MCP over HTTP at");
  expect(linesIn(rest.join("\n")).map(({ line }) => line)).toEqual(["cut off"]);
});

test("without a log it comes as it is", async () => {
  using home = makeHome();
  const proxy = await startProxy(home, [], SAYING);
  await (await proxy.post(say("plain words\n"), await proxy.open())).text();
  await proxy.said("plain words\n");
  await proxy.end("SIGTERM");
  expect(existsSync(join(home.folder, "proxy.log"))).toBe(false);
});

/** What may stand where the cursor is, from the definitions of the commands. */
import { describe, expect, test } from "bun:test";
import { type Answer, complete } from "../../src/completion/complete.ts";
import { program } from "../../src/registry.ts";

async function ask(line: string): Promise<Answer> {
  const words = line.split(" ");
  return await complete(words.slice(0, -1), words.at(-1) ?? "", program, async (completer, { current, before }) => [
    { value: `${current}<${[completer, ...before].join(" ")}>` },
  ]);
}

async function values(line: string): Promise<string[]> {
  const answer = await ask(line);
  return answer.kind === "values" ? answer.candidates.map(({ value }) => value) : [answer.kind];
}

describe("complete", () => {
  test.each([
    ["lo", ["logs"]],
    ["__", []],
    ["--v", ["--version"]],
    ["config ", ["show", "path", "get", "set", "validate", "init", "schema"]],
    ["config s", ["show", "set", "schema"]],
    ["config nonsense ", []],
    ["tools l", ["list", "l<registered-server>"]], // a group that takes other words too
    ["tools files --out", ["--output"]],
    ["tools files --output y", ["yaml"]],
    ["nonsense ", []],
    ["toString ", []],
  ])("commands: %j", async (line, expected) => expect(await values(line)).toEqual(expected));

  test.each([
    ["sessions --", ["--json", "--server", "--since", "--tail", "--help"]],
    ["sessions -n 3 --json --", ["--server", "--since", "--help"]],
    ["sessions --tail=3 --s", ["--server", "--since"]],
    ["monitor --env A=1 --e", ["--env"]], // may be repeated
    ["monitor --deb", ["--debug-replay", "--debug"]],
    ["monitor --debug --deb", ["--debug-replay"]],
    ["sessions ", ["--json", "--server", "--since", "--tail"]], // nothing else may stand there
  ])("flags, none twice: %j", async (line, expected) => expect(await values(line)).toEqual(expected));

  test.each([
    ["monitor --payloads ", ["full", "redacted", "metadata", "off"]],
    ["monitor --payloads m", ["metadata"]],
    ["monitor --payloads=m", ["--payloads=metadata"]],
    ["monitor --kill-timeout ", []],
    ["monitor --nonsense=", []],
    ["sessions --server gi", ["gi<server>"]],
    ["sessions --server=gi", ["--server=gi<server>"]],
    ["logs -f fi", ["fi<query>"]],
    ["logs files is:", ["is:<filter files>"]],
    ["replay last to", ["to<filter last>"]],
    ["config set --project log_level ", ["<config-value log_level>"]],
    ["config get a b", []],
    ["wrap cu", ["cu<client>"]],
    ["unwrap cursor --server gi", ["gi<client-server cursor>"]],
    ["plugins status con", ["con<plugin>"]],
    ["plugins remove sl", ["sl<installed-plugin>"]],
    ["plugins refresh api-logger a", ["a<api-plugin api-logger>"]],
    ["plugins build --target ", ["<target>"]],
    ["plugins build --tier=P", ["--tier=P<tier>"]],
    ["plugins keys untrust 3Z", ["3Z<trusted-key>"]],
  ])("values: %j", async (line, expected) => expect(await values(line)).toEqual(expected));

  test.each([
    ["monitor --config ", ["files"]],
    ["monitor --config=x", ["files"]],
    ["monitor --cwd ", ["folders"]],
    ["monitor -", ["--"]],
    ["monitor -- ", ["command"]],
    ["replay last -- node --", ["command"]],
    ["sessions -- ", []],
  ])("what the shell does better, and --: %j", async (line, expected) => {
    expect((await values(line)).slice(0, 1)).toEqual(expected);
  });
});

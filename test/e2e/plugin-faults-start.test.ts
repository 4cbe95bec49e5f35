/** Plugins that cannot be started, or that go wrong before they are active: the session does not notice. */
import { expect, setDefaultTimeout } from "bun:test";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, test } from "./linux-test.ts";
import { expectUnharmed, type Misbehaviour, type PluginSpec } from "./plugin-run.ts";

setDefaultTimeout(60_000);

/** One line on stderr, which names the plugin and the cause. */
function oneLine(cause: RegExp): RegExp {
  return new RegExp(String.raw`^km: [^\n]*misbehaver[^\n]*${cause.source}[^\n]*\n$`);
}

/** Not tried at all, or not again. */
function refused(title: string, code: string, cause: RegExp, spec: Partial<PluginSpec>): Misbehaviour {
  const problem = { code, message: expect.stringMatching(cause), hint: expect.stringMatching(/.../) };
  return {
    title,
    spec: { mode: "none", ...spec },
    status: { state: "error", restarts: 0, last_error: problem },
    list: { status: "invalid", problem },
    stderr: oneLine(cause),
  };
}

function failed(title: string, code: string, cause: RegExp, more: Partial<Misbehaviour> = {}): Misbehaviour {
  const error = { code, message: expect.stringMatching(cause), hint: expect.stringMatching(/.../) };
  return {
    title,
    spec: { mode: title },
    until: ({ state }) => state === "error" || state === "stopped",
    status: { state: "error", restarts: 0, acked: 0, last_error: error },
    list: { status: "error", problem: error },
    stderr: oneLine(cause),
    ...more,
  };
}

/** The head of an ELF executable for a machine that nobody has. */
function foreignExecutable(executable: string): void {
  const bytes = readFileSync("/bin/sh");
  bytes.writeUInt16LE(2, 18); // e_machine: SPARC
  writeFileSync(executable, bytes);
}

function script(firstLine: string): (executable: string) => void {
  return (executable) => writeFileSync(executable, `${firstLine}\n`);
}

const NOT_STARTED: Misbehaviour[] = [
  refused("no executable", "PLG_RUN_001", /no such file: .*km-plugin-misbehaver/, { spoil: (file) => rmSync(file) }),
  refused("no execute bit", "PLG_RUN_002", /permission denied: .*km-plugin-misbehaver/, {
    spoil: (file) => chmodSync(file, 0o644),
  }),
  refused("another architecture", "PLG_RUN_003", /machine 2, this is linux-\w+/, { spoil: foreignExecutable }),
  refused("interpreter missing", "PLG_RUN_003", /\/nowhere\/python, which is not there/, {
    spoil: script("#!/nowhere/python"),
  }),
  refused("neither program nor script", "PLG_RUN_003", /neither a program/, { spoil: script("print(1)") }),
  refused("empty file", "PLG_RUN_003", /neither a program/, { spoil: (file) => writeFileSync(file, "") }),
  refused("no entry for this platform", "PLG_RUN_001", /no executable for linux-\w+/, {
    manifest: { entry: { "windows-arm64": "km-plugin-misbehaver" } },
  }),
];

const FAILING: Misbehaviour[] = [
  failed("interpreter not in PATH", "PLG_RUN_002", /no program no-such-python in PATH/, {
    spec: { mode: "none", spoil: script("#!/usr/bin/env no-such-python") },
  }),
  failed("lie-name", "PLG_RUN_006", /name "misbehaver".*found "somebody-else"/),
  failed("lie-version", "PLG_RUN_006", /version "1\.0\.0".*found "99\.0\.0"/),
  failed("lie-protocol", "PLG_CMP_001", /does not speak protocol 1: it chose 2/),
  failed("lie-hooks", "PLG_RUN_006", /"intercept".*found \["observe","intercept"\]/),
  failed("answer-garbage", "PLG_RUN_006", /an object, found "yes"/),
  failed("error-configure", "PLG_RUN_011", /km\/configure: the configuration is not to its taste/),
  failed("refuse-auth", "PLG_TIER_001", /it does not like you/, {
    status: { state: "stopped", restarts: 0, last_error: { code: "PLG_TIER_001" } },
  }),
  failed("crash-at-hello", "PLG_RUN_008", /exit code 3 before it answered km\/hello/, {
    patienceMs: 30_000,
    status: {
      state: "error",
      restarts: 4,
      last_error: {
        code: "PLG_RUN_008",
        message: expect.stringContaining("exit code 3"),
        hint: "It said: cannot open the frobnicator: no such device",
      },
    },
  }),
  failed("hang-at-hello", "PLG_RUN_004", /did not answer km\/hello in time/, {
    patienceMs: 30_000,
    stderr: /^km: [^\n]*misbehaver has not answered km\/hello yet\nkm: [^\n]*did not answer km\/hello in time[^\n]*\n$/,
  }),
  failed("a program that is no plugin", "PLG_RUN_008", /exit code 0 before it answered km\/hello/, {
    patienceMs: 30_000,
    spec: { mode: "none", spoil: script("#!/bin/sh\necho Listening on port 3000") },
    status: {
      state: "error",
      noise: 5,
      last_error: { hint: expect.stringContaining("began with: Listening on port 3000") },
    },
  }),
];

describe("a plugin that cannot be started", () => {
  test.each(NOT_STARTED)("$title: said with its cause, in the list, the session unharmed", expectUnharmed);
});

describe("a plugin that fails before it is active", () => {
  test.each(FAILING)("$title: said with its cause, in the status, the session unharmed", expectUnharmed);
});

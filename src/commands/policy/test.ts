/** `km policy test SESSION`: what a policy would have made of a recorded session. */
import { resolve } from "node:path";
import { defineCommand } from "../../command.ts";
import { paths } from "../../context.ts";
import { KmError } from "../../errors.ts";
import type { CompiledLevel } from "../../guard/policy/compiled.ts";
import { findPolicies, type PolicyFile } from "../../guard/policy/find-policies.ts";
import { policyOf, type PolicyOptions } from "../../guard/policy/load.ts";
import { type Rehearsed, type RehearsalCounts, rehearse } from "../../guard/policy/rehearse.ts";
import type { ReadCounts } from "../../journal/decode.ts";
import { readEvents } from "../../journal/read.ts";
import { selectSession } from "../../journal/select.ts";
import { lossesOf } from "../../log/recorded.ts";
import { stdout } from "../../output.ts";
import type { SessionInfo } from "../../stream/event.ts";
import { printable } from "../../terminal.ts";
import { policyOptions } from "./policy-options.ts";
import { counted } from "../../counted.ts";

const WOULD_BLOCK = 3;

export default defineCommand({
  meta: { name: "test", description: "Show what the policy would have made of a recorded session" },
  args: {
    session: {
      type: "positional",
      required: true,
      description: "An id, the start or end of one, a server's name for its latest session, or last",
      complete: "session",
    },
    policy: {
      type: "string",
      valueHint: "file",
      description: "Only this policy; default: those in force here",
      complete: "file",
    },
    json: { type: "boolean", description: "One message per line as JSON" },
  },
  examples: [
    "km policy test last",
    "km policy test files --policy draft.yaml",
    "km policy test last --json | jq -r .by",
  ],
  async run(args) {
    const { info, folder } = await selectSession(paths().data, args.session);
    const levels = levelsFor(info, args.policy);
    const read: ReadCounts = { events: 0, torn: 0, vanished: 0 };
    const counts: RehearsalCounts = { decided: 0, masked: 0, unrecorded: 0 };
    const outcomes: Record<Rehearsed["outcome"], number> = { blocked: 0, asked: 0, changed: 0, cut: 0, unknown: 0 };
    const output = stdout();
    try {
      for await (const row of rehearse(readEvents(folder, { counts: read }), levels, info.name, counts)) {
        outcomes[row.outcome]++;
        const line = args.json ? JSON.stringify({ session_id: info.session_id, ...row }) : rowLine(row);
        if (!(await output.write(`${line}\n`))) break;
      }
      if (!args.json) await output.write(summary(outcomes, counts));
    } finally {
      await output.close();
    }
    for (const note of [...lossesOf(read), ...notes(info, counts)]) process.stderr.write(`km: ${note}\n`);
    return outcomes.blocked + outcomes.asked > 0 ? WOULD_BLOCK : 0;
  },
});

/** @throws KmError CFG_001 where there is none; as `policyOf` where one is wrong */
function levelsFor(info: SessionInfo, named: string | undefined): CompiledLevel[] {
  // What is relative to the server's folder was so in the session.
  const options: PolicyOptions = { ...policyOptions(), serverCwd: info.cwd };
  const files: PolicyFile[] = named === undefined ? findPolicies(options) : [{ source: "user", file: resolve(named) }];
  const { levels, ignored } = policyOf(options, files);
  for (const { file } of ignored) process.stderr.write(`km: ${file} does not count: its folder is not trusted\n`);
  if (levels.length > 0) return levels;
  throw new KmError("CFG_001", "There is no policy to test", {
    hint: "Begin one with km policy init, or name a file: km policy test SESSION --policy FILE.",
  });
}

function rowLine({ seq, timestamp, kind, method, tool, outcome, by, reason, masked }: Rehearsed): string {
  const what = `${kind === "answer" ? "answer to " : ""}${method}${tool === undefined ? "" : ` ${tool}`}`;
  const why = reason === undefined ? "" : `: ${reason}`;
  const words = { blocked: "blocked", asked: "asked  ", changed: "changed", cut: "cut    ", unknown: "unknown" }[
    outcome
  ];
  const doubt = masked === true ? " (recorded with secrets masked)" : "";
  return printable(`#${String(seq).padEnd(5)} ${timestamp.slice(11, 19)}  ${words}  ${what}  ${by}${why}${doubt}`);
}

function summary(outcomes: Record<Rehearsed["outcome"], number>, { decided }: RehearsalCounts): string {
  const parts = Object.entries(outcomes).flatMap(([outcome, count]) =>
    count === 0 ? [] : [`${count} ${WORDS[outcome] ?? outcome}`],
  );
  const messages = counted(decided, "message");
  return `The policy is about ${messages}: ${parts.length === 0 ? "all of them would pass" : `${parts.join(", ")}, the rest would pass`}.\n`;
}

const WORDS: Record<string, string> = {
  blocked: "would be blocked",
  asked: "would wait for a person",
  changed: "would be changed",
  cut: "would be cut",
  unknown: "cannot be told",
};

function notes({ payloads }: SessionInfo, { masked, unrecorded }: RehearsalCounts): string[] {
  const found: string[] = [];
  const count = (number: number): string => counted(number, "message was", "messages were");
  if (unrecorded > 0) {
    const why = payloads === "metadata" || payloads === "off" ? ` (payloads: ${payloads})` : "";
    found.push(
      `${count(unrecorded)} not recorded in full${why}: of these only what no argument or result decides is told`,
    );
  }
  if (masked > 0) found.push(`${count(masked)} recorded with secrets masked: conditions on these saw the masks`);
  return found;
}

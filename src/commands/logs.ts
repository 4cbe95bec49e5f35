/** `km logs`: the calls of a session, one row each. */
import { defineCommand } from "../command.ts";
import { paths } from "../context.ts";
import { KmError, messageOf } from "../errors.ts";
import { type Acceptance, readAccepted } from "../guard/accepted/accepted-findings.ts";
import type { ReadCounts } from "../journal/decode.ts";
import { selectSession } from "../journal/select.ts";
import { BEGIN_HINT } from "../journal/nothing-yet.ts";
import { firstSession } from "../log/first-session.ts";
import { findingsNote, listFindings, listFindingsJson, selectFindings } from "../log/findings.ts";
import { followJson, followRows } from "../log/follow.ts";
import { listJson, listRows } from "../log/list.ts";
import {
  count,
  duration,
  type LogQuery,
  logQuery,
  type QueryArguments,
  queryFlags,
  unknownSessionNote,
} from "../log/query.ts";
import { lossesOf } from "../log/recorded.ts";
import type { Session } from "../journal/sessions.ts";
import { type Output, pagedOutput, stdout } from "../output.ts";
import { shortId } from "../stream/session-id.ts";
import { colours, printable, terminalWidth } from "../terminal.ts";
import { say } from "./say.ts";
import { counted } from "../counted.ts";

interface Options {
  follow: boolean;
  json: boolean;
  payload: boolean;
}

const INTERRUPTED = 130;

export default defineCommand({
  meta: { name: "logs", description: "Show the calls of a session" },
  args: {
    ...queryFlags,
    follow: { type: "boolean", alias: "f", description: "Go on showing what happens until the session ends" },
    json: { type: "boolean", description: "One event per line as JSON" },
    payload: { type: "boolean", description: "Show the messages below each row" },
    stderr: { type: "boolean", description: "Show what the server writes to stderr too" },
    findings: { type: "boolean", description: "Show what plugins found, in place of the calls" },
    accepted: { type: "boolean", description: "Show accepted findings too" },
    since: { type: "string", valueHint: "duration", description: "Only what began within this time, such as 10m" },
    tail: {
      type: "string",
      alias: "n",
      valueHint: "count",
      description: "Only the last entries that match, this many",
    },
  },
  examples: [
    "km logs                              the latest session",
    "km logs filesystem is:error          failed calls of the server's latest session",
    "km logs -f tool:read_file 'dur:>1s'  slow calls as they end",
    "km logs --json | jq .message         messages for other programs",
    "km logs --findings --payload         what plugins found, and where",
  ],
  async run(args) {
    if (args.json && args.payload) {
      throw new KmError("USAGE", "Flags --json and --payload exclude each other", {
        hint: "--json shows every message.",
      });
    }
    if (args.accepted && !args.findings) {
      throw new KmError("USAGE", "Flag --accepted goes with --findings", {
        hint: "km findings list shows all of them.",
      });
    }
    if (args.findings) return await findings(args);
    if (args.follow) return await follow(args);
    const query = await logQuery(paths().data, args, Date.now());
    const mayPage = !args.json && query.tail === undefined;
    const output = mayPage ? pagedOutput() : stdout();
    try {
      await list(query, args, output);
    } finally {
      await output.close();
    }
    const note = args.json ? undefined : await findingsNote(query.session, acceptedFindings());
    if (note !== undefined) process.stderr.write(`km: ${note}\n`);
    return 0;
  },
});

async function list(query: LogQuery, options: Options, output: Output): Promise<void> {
  const counts: ReadCounts = { events: 0, torn: 0, vanished: 0 };
  if (options.json) await listJson(query, output, counts);
  else if (!(await listRows(query, { output, ...(await viewOf(options)) }, counts))) sayNothingMatches(query);
  for (const loss of lossesOf(counts)) process.stderr.write(`km: ${loss}\n`);
}

function sayNothingMatches(query: LogQuery): void {
  say(`Nothing matches in ${nameOf(query.session)}`);
  const note = unknownSessionNote(query);
  if (note !== undefined) say(`    ${note}`);
}

function nameOf({ info }: Session): string {
  return `session ${shortId(info.session_id)} of ${printable(info.name)}`;
}

async function follow(options: Options & QueryArguments): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  const output = stdout();
  try {
    const { data } = paths();
    await firstSession(data, interrupted.signal, () => say(`Waiting for the first session\n    ${BEGIN_HINT}`));
    if (interrupted.signal.aborted) return INTERRUPTED;
    const query = await logQuery(data, options, Date.now());
    if (options.json) await followJson(query, output, interrupted.signal);
    else {
      const view = { output, ...(await viewOf(options)), showPending: process.stdout.isTTY };
      await followRows(query, view, interrupted.signal);
    }
  } finally {
    process.off("SIGINT", interrupt);
    await output.close();
  }
  return interrupted.signal.aborted ? INTERRUPTED : 0;
}

async function findings(options: Options & QueryArguments & { accepted: boolean }): Promise<number> {
  const { filter, json, follow, stderr, since, tail, accepted: showAccepted } = options;
  if (follow || stderr) {
    throw new KmError("USAGE", `Flags --findings and --${follow ? "follow" : "stderr"} exclude each other`);
  }
  if (filter.length > 0) {
    throw new KmError("USAGE", `Flag --findings takes a session and no filter: "${filter.join(" ")}"`);
  }
  const session = await selectSession(paths().data, options.session);
  const { findings: found, leftOut } = await selectFindings(session, {
    since: since === undefined ? undefined : Date.now() - duration("--since", since),
    tail: tail === undefined ? undefined : count("--tail", tail),
    accepted: acceptedFindings(),
    showAccepted,
  });
  const output = json || tail !== undefined ? stdout() : pagedOutput();
  try {
    if (json) await listFindingsJson(found, session, output);
    else if (found.length > 0) await listFindings(found, { output, ...(await viewOf(options)) });
  } finally {
    await output.close();
  }
  if (!json && found.length === 0 && leftOut === 0) say("No findings");
  if (!json && leftOut > 0) {
    say(`${counted(leftOut, "accepted finding is", "accepted findings are")} left out: --accepted shows them`);
  }
  return 0;
}

/** All findings are shown where it cannot be told which of them are accepted. */
function acceptedFindings(): ReadonlyMap<string, Acceptance> {
  try {
    return readAccepted(paths().config);
  } catch (error) {
    say(`${messageOf(error)}: accepted findings are shown too`);
    return new Map();
  }
}

async function viewOf(options: Options) {
  return { colours: await colours(process.stdout), width: terminalWidth(), payload: options.payload };
}

/** `km scan [CLIENT|SERVER...]`: checks the servers in clients' configuration files without running a session. */
import type { Places } from "../clients/locations.ts";
import { defineCommand } from "../command.ts";
import { paths, surroundings, tolerantSettings } from "../context.ts";
import { KmError } from "../errors.ts";
import { readAccepted } from "../guard/accepted/accepted-findings.ts";
import { SEVERITIES } from "../guard/findings/finding.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import { duration } from "../log/query.ts";
import { stdout } from "../output.ts";
import { unreadText } from "../scan/configured-file.ts";
import { asJunit } from "../scan/junit.ts";
import { asText } from "../scan/report-text.ts";
import { asSarif } from "../scan/sarif.ts";
import { type ScanOptions, type ScanReport, scanClients } from "../scan/scan.ts";
import { colours, confirm, isInteractive, printable, terminalWidth } from "../terminal.ts";
import { say } from "./say.ts";

const FOUND = 3;
/** What was started is ended before km ends. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export default defineCommand({
  meta: { name: "scan", description: "Check the servers of your MCP clients without running a session" },
  args: {
    words: {
      type: "positional",
      required: false,
      repeat: true,
      description: "A client, as km clients calls it, or a server's name; default: all that are found",
      complete: "client",
    },
    severity: {
      type: "enum",
      options: [...SEVERITIES],
      description: "Exit with 3 from this severity on; default: medium",
    },
    all: { type: "boolean", description: "Show also what was accepted" },
    start: { type: "boolean", description: "Start each server, ask what it offers, and end it again" },
    yes: { type: "boolean", alias: "y", description: "Start them without asking" },
    timeout: {
      type: "string",
      default: "60s",
      valueHint: "duration",
      description: "With --start: how long a server may take to say what it offers",
    },
    json: { type: "boolean", description: "Print the findings as one JSON object" },
    sarif: { type: "boolean", description: "Print them as SARIF 2.1.0" },
    junit: { type: "boolean", description: "Print them as JUnit XML" },
  },
  examples: [
    "km scan",
    "km scan cursor github                 one client, and one server wherever it stands",
    "km scan --start --yes --severity high    in CI, on a machine that may start them",
    "km scan --sarif > km.sarif",
    "km findings accept 1f0c --reason 'our own build'",
  ],
  async run(args) {
    const formats = [args.json, args.sarif, args.junit].filter(Boolean);
    if (formats.length > 1) throw new KmError("USAGE", "Flags --json, --sarif and --junit exclude each other");
    const timeoutMs = duration("--timeout", args.timeout);
    if (args.start && !args.yes && !isInteractive()) {
      throw new KmError("USAGE", "Cannot ask whether the servers may be started: there is no terminal", {
        hint: "Give --yes to start them without being asked.",
      });
    }
    const { values, dataFolder, warnings } = await tolerantSettings({});
    for (const warning of warnings) say(printable(warning));
    const interrupted = new AbortController();
    let exitCode = 0;
    const interrupt = (_name: string, number: number): void => {
      exitCode = 128 + number;
      interrupted.abort();
    };
    for (const signal of SIGNALS) process.once(signal, interrupt);
    const { env, cwd, home = "" } = surroundings();
    const places: Places = { platform: process.platform, env, home, cwd };
    const { keys, ignore_keys: ignoreKeys, patterns, allow } = values.redact;
    const options: ScanOptions = {
      places,
      words: args.words,
      redactor: createRedactor({ keys, ignoreKeys, patterns, allow }),
      dataFolder,
      accepted: readAccepted(paths().config),
      ...(args.start
        ? {
            start: {
              timeoutMs,
              killTimeoutMs: values.monitor.kill_timeout,
              signal: interrupted.signal,
              agrees: async (starts) => args.yes || (await agree(starts.map(({ shown }) => shown))),
            },
          }
        : {}),
    };
    let report: ScanReport;
    try {
      report = await scanClients(options);
    } finally {
      for (const signal of SIGNALS) process.off(signal, interrupt);
    }
    if (interrupted.signal.aborted) return exitCode;
    const limit = SEVERITIES.indexOf(SEVERITIES.find((one) => one === args.severity) ?? "medium");
    const counts = ({ severity, accepted }: ScanReport["findings"][number]): boolean =>
      accepted === undefined && SEVERITIES.indexOf(severity) <= limit;
    const output = stdout();
    if (args.json) await output.write(asJson(report, args.all));
    else if (args.sarif) await output.write(asSarif(report, places, args.all));
    else if (args.junit) await output.write(asJunit(report, counts, places));
    else {
      const paint = await colours(process.stdout);
      await output.write(asText(report, { places, paint, width: terminalWidth(), all: args.all }));
    }
    await output.close();
    for (const one of report.unread) say(printable(unreadText(one)));
    if (report.findings.some(counts)) return FOUND;
    return report.unread.length > 0 ? 1 : 0;
  },
});

async function agree(shown: string[]): Promise<boolean> {
  for (const one of shown) say(printable(`  ${one}`));
  return await confirm(`Start ${shown.length === 1 ? "this server" : `these ${shown.length} servers`}?`);
}

/** Every member is there, whatever was found. */
function asJson({ files, findings, unread, offers }: ScanReport, all: boolean): string {
  return `${JSON.stringify(
    {
      files: files.map(({ client, path, scope, servers }) => ({
        client: client.id,
        path,
        scope,
        servers: servers.map(({ name, kind, disabled, wrapped }) => ({ name, kind, disabled, wrapped })),
      })),
      definitions: offers,
      findings: findings
        .filter(({ accepted }) => all || accepted === undefined)
        .map(({ server, line, accepted, ...finding }) => ({
          ...finding,
          server: server ?? null,
          line: line ?? null,
          accepted: accepted ?? null,
        })),
      unread: unread.map(({ what, reason }) => ({ what, reason })),
    },
    null,
    2,
  )}\n`;
}

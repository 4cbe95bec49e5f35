/** `km dashboard`: what is recorded on this machine, in the browser, until it is ended. */
import { hostname } from "node:os";
import { startedByClient } from "../approve/started-by-client.ts";
import { untilAsked } from "../backend/drain.ts";
import { defineCommand } from "../command.ts";
import { paths, tolerantSettings } from "../context.ts";
import { appFiles } from "../dashboard/app-files.ts";
import { serveDashboard } from "../dashboard/serve.ts";
import { openSource } from "../dashboard/source.ts";
import { KmError } from "../errors.ts";
import { approvalsFolder, type PendingCall } from "../guard/approvals/pending-call.ts";
import { openBrowser } from "../open-browser.ts";
import { print } from "../output.ts";
import { look } from "../status/look.ts";
import { sharedLook } from "../status/shared-look.ts";
import { isInteractive } from "../terminal.ts";

export default defineCommand({
  meta: { name: "dashboard", description: "Show what was recorded in the browser, live" },
  args: {
    port: { type: "string", valueHint: "number", description: "Port of 127.0.0.1; default: one that is free" },
    "no-open": { type: "boolean", description: "Only print the address, and open no browser" },
  },
  examples: ["km dashboard", "km dashboard --no-open --port 8088"],
  async run(args) {
    const port = portOf(args.port);
    const files = appFiles();
    const { data, cache, config, state } = paths();
    const isOnTerminal = isInteractive();
    const approvals = {
      folder: approvalsFolder(state),
      // An agent could start a dashboard too, and read its address.
      mayApprove: async (call: PendingCall) => isOnTerminal && !(await startedByClient(call)),
    };
    const health = sharedLook((before) => look(state, before));
    const { retention } = (await tolerantSettings({})).values.journal; // what is wrong with it, other commands say
    await using source = await openSource(data, cache, retention.max_size, (problem) => {
      process.stderr.write(`km: ${problem}\n`);
    });
    const findings = { dataFolder: data, configFolder: config };
    const dashboard = serveDashboard({ ...source, health, approvals, findings }, files, port);
    const asked = untilAsked();
    await print(`${dashboard.url}\n`);
    process.stderr.write(
      "km: Whoever has this address sees everything recorded here, and may answer for you. Ctrl-C ends it.\n",
    );
    if (process.env["SSH_CONNECTION"]) process.stderr.write(`km: ${tunnelTo(dashboard.url)}\n`);
    if (!args["no-open"]) openBrowser(dashboard.openingUrl(), process.platform, process.env);
    await asked;
    await dashboard.stop();
    return 0;
  },
});

/** @throws KmError USAGE */
function portOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new KmError("USAGE", `Flag --port cannot be "${text}"`, { hint: "Give a number from 1 to 65535." });
}

/** With another port on the other side, the dashboard would take the request for one of another site. */
function tunnelTo(url: string): string {
  const port = new URL(url).port || "80";
  return `On the machine before you, first: ssh -N -L ${port}:127.0.0.1:${port} ${hostname()}`;
}

/** console-logger: shows the calls of a session as they end, on the terminal or in a file. */
import { definePlugin } from "#plugin-sdk";
import { appendTo } from "./append-to.ts";
import { type Configuration, destinationOf } from "./configuration.ts";
import { EntryLog } from "./entry-log.ts";
import manifest from "./manifest.json" with { type: "json" };

let log: EntryLog | undefined;
let lines: string[] = [];
let writeLines: (lines: string[]) => void;

definePlugin<Configuration>({
  ...manifest,
  configure(configuration) {
    EntryLog.check(configuration);
  },
  activate(km) {
    const { configuration, session } = km;
    const destination = destinationOf(configuration, session);
    if (destination === undefined) return;
    writeLines = destination.file === undefined ? (ready) => ready.forEach(km.print) : appendTo(destination.file);
    log = new EntryLog(session, configuration, destination.colour);
  },
  onEvent(event) {
    if (log !== undefined) lines.push(...log.lines(event));
  },
  flush() {
    if (lines.length === 0) return;
    const ready = lines;
    lines = [];
    writeLines(ready);
  },
});

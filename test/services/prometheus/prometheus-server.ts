/** `startPrometheus`: a real Prometheus for a test, which takes samples by remote write. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedServer, startServer } from "../started-server.ts";

export interface PrometheusOptions {
  /** prometheus.yml, in which PORT is its own; one without targets unless given. */
  config?: string;
  /** Files beside it, by name. */
  files?: Record<string, string>;
  flags?: string[];
}

export const PROMETHEUS = Bun.which("prometheus");
export const WHY_NO_PROMETHEUS = PROMETHEUS === null ? " (skipped: prometheus is not installed)" : "";

export async function startPrometheus({
  config = "{}",
  files = {},
  flags = [],
}: PrometheusOptions = {}): Promise<StartedServer> {
  return await startServer((folder, port) => {
    mkdirSync(join(folder, "data"));
    for (const [name, text] of Object.entries({ ...files, "prometheus.yml": config }))
      writeFileSync(join(folder, name), text.replaceAll("PORT", String(port)));
    return {
      command: [
        PROMETHEUS ?? "prometheus",
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage,native-histograms",
        "--log.level=warn",
        ...flags,
      ],
      readyPath: "/-/ready",
    };
  });
}

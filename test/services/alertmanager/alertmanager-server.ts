/** `startAlertmanager`: a real Alertmanager for a test, alone. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StartedServer, startServer } from "../started-server.ts";

export const ALERTMANAGER = Bun.which("prometheus-alertmanager") ?? Bun.which("alertmanager");
export const WHY_NO_ALERTMANAGER = ALERTMANAGER === null ? " (skipped: prometheus-alertmanager is not installed)" : "";

/** @param config alertmanager.yml */
export async function startAlertmanager(config: string): Promise<StartedServer> {
  return await startServer((folder, port) => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "alertmanager.yml"), config);
    return {
      command: [
        ALERTMANAGER ?? "alertmanager",
        `--config.file=${join(folder, "alertmanager.yml")}`,
        `--storage.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
        "--log.level=warn",
      ],
      readyPath: "/-/ready",
    };
  });
}

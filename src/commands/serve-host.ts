/** `servedHost`: the chosen services, ready for connections, with what is written down of their calls; and again when services.yaml changes. */
import { config, homeFolder } from "../context.ts";
import { KmError, messageOf, systemReason } from "../errors.ts";
import { createRedactor } from "../guard/redaction/redact.ts";
import type { AuditSettings, Settings } from "../services/config/settings.ts";
import { ServiceHost } from "../services/host/service-host.ts";
import { OpenedServices } from "../services/opened-services.ts";
import { ServiceMetrics } from "../services/record/service-metrics.ts";
import { ToolAudit } from "../services/record/tool-audit.ts";
import type { AnyService } from "../services/services.ts";
import { watchFiles } from "../gateway/config/watch-files.ts";
import { referenceSources } from "./servers/open-servers.ts";
import { servedSettings, type SettingsArgs, settingsFile } from "./serve-settings.ts";
import { say } from "./say.ts";

export interface ServedHost {
  host: ServiceHost;
  /** Of the calls, for Prometheus. */
  metricsText(): string;
  /** Undefined where there is none. */
  auditFile(): string | undefined;
  /** Reads services.yaml again, whether it has changed or not. */
  reload(): Promise<void>;
  /** Tells each time that services.yaml was taken up anew. */
  whenRead(tell: () => void): void;
  /** @param patienceMs how long calls that have begun may still take */
  close(patienceMs: number): Promise<void>;
}

const WATCH_MS = 1000;

/** @throws KmError as `servedSettings`; CFG_002 where the audit log cannot be written */
export async function servedHost(services: readonly AnyService[], args: SettingsArgs): Promise<ServedHost> {
  const { keys, ignore_keys: ignoreKeys, patterns, allow } = (await config()).values.redact;
  const redactor = createRedactor({ keys, ignoreKeys, patterns, allow });
  const redact = (text: string): string => redactor.redact(text).text;
  const opened = (settings: Settings): OpenedServices =>
    new OpenedServices(services, settings, {
      env: process.env,
      home: homeFolder(),
      references: referenceSources(false),
      redactor,
      say,
    });
  const settings = await servedSettings(services, args, say);
  let audit = settings.host.audit && openAudit(settings.host.audit);
  const metrics = new ServiceMetrics();
  const host = new ServiceHost(settings, opened(settings), {
    redact,
    observer: {
      begins: (call) => audit?.begins(call, Date.now()) ?? true,
      ended(call) {
        metrics.ended(call);
        audit?.ended(call, Date.now());
      },
      fault(tool, error) {
        say(
          redact(
            `${tool} failed within km: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          ),
        );
      },
    },
  });

  function openAudit(audited: AuditSettings): ToolAudit {
    try {
      return new ToolAudit({ settings: audited, redact, say });
    } catch (error) {
      throw new KmError("CFG_002", `Cannot write the audit log ${audited.file}: ${systemReason(error)}`, {
        cause: error,
      });
    }
  }

  async function read(): Promise<void> {
    try {
      const changed = await servedSettings(services, args, say);
      const before = audit;
      if (JSON.stringify(before?.settings) !== JSON.stringify(changed.host.audit)) {
        audit = changed.host.audit && openAudit(changed.host.audit);
        before?.close();
      }
      await host.change(changed, opened(changed));
      for (const tell of told) tell();
      say(`Read anew: ${settingsFile(args)}`);
    } catch (error) {
      const hint = error instanceof KmError && error.hint !== undefined ? `. ${error.hint}` : "";
      say(`What held before still holds. ${messageOf(error)}${hint}`);
    }
  }
  const told = new Set<() => void>();
  /** One after the other. */
  let reading = Promise.resolve();
  const reload = (): Promise<void> => (reading = reading.then(read));
  const watch = watchFiles({ files: () => [settingsFile(args)], changed: reload, everyMs: WATCH_MS });
  return {
    host,
    metricsText: () =>
      metrics.render({
        openCalls: host.openCalls,
        connections: host.connections,
        cache: host.opened.cache.counts,
        clients: host.opened.cache.clients,
      }),
    auditFile: () => audit?.settings.file,
    reload,
    whenRead: (tell) => void told.add(tell),
    async close(patienceMs) {
      watch.stop();
      await host.close(patienceMs);
      audit?.close();
    },
  };
}

/** `hostPages`: what the listener answers besides MCP: how it is, metrics, and the audit log. */
import type { GatewayPage } from "../../gateway/gateway.ts";
import { refusal, SERVER_ERROR } from "../../gateway/refusal.ts";
import type { RequestContext } from "../../gateway/request-context.ts";
import { METRICS_MEDIA_TYPE } from "../../backend/metrics.ts";
import { auditStats, readAudit } from "../record/read-audit.ts";
import type { ServiceHost } from "./service-host.ts";
import type { ServiceProbe } from "../opened-services.ts";

export interface HostPagesOptions {
  host: ServiceHost;
  metrics(): string;
  /** Whether who asks may read what others have done. */
  mayReadAudit(context: RequestContext): boolean;
  /** Undefined where there is none. */
  auditFile(): string | undefined;
}

/** Whoever comes may ask how the services are: their backends are not asked each time. */
const PROBED_MS = 5000;
const PROBE_TIMEOUT_MS = 4000;
const MOST_LINES = 1000;
const USUAL_LINES = 100;

export function hostPages({ host, metrics, mayReadAudit, auditFile }: HostPagesOptions): GatewayPage[] {
  let probed: { at: number; probes: Promise<ServiceProbe[]> } | undefined;
  const probes = async (): Promise<ServiceProbe[]> => {
    if (probed === undefined || performance.now() - probed.at > PROBED_MS) {
      probed = { at: performance.now(), probes: host.probe(AbortSignal.timeout(PROBE_TIMEOUT_MS)) };
    }
    return await probed.probes;
  };
  const audit = (path: string, answer: (query: URLSearchParams, file: string) => Response): GatewayPage => ({
    path,
    isOpen: false,
    answer(context) {
      if (!mayReadAudit(context)) {
        return refusal(403, SERVER_ERROR, "Forbidden: this needs a role with methods: audit/read (--access)");
      }
      const file = auditFile();
      if (file === undefined) return refusal(404, SERVER_ERROR, "Not Found: there is no audit log (audit.file)");
      return answer(context.url.searchParams, file);
    },
  });
  return [
    { path: "/health", isOpen: true, answer: () => Response.json({ status: "ok" }) },
    {
      path: "/ready",
      isOpen: true,
      answer: async ({ url }) => readiness(await probes(), url.searchParams.get("service")),
    },
    {
      path: "/metrics",
      isOpen: false,
      answer: () => new Response(metrics(), { headers: { "content-type": METRICS_MEDIA_TYPE } }),
    },
    audit("/api/audit/logs", auditPage),
    audit("/api/audit/stats", (_query, file) => Response.json(auditStats(readAudit(file, { limit: Infinity }).calls))),
  ];
}

/** One that is there is of use, whatever the others are. Why one is not, is not everybody's to know. */
function readiness(probes: readonly ServiceProbe[], service: string | null): Response {
  const asked = service === null ? probes : probes.filter((one) => one.service === service);
  const isReady = asked.some((one) => one.isReady);
  const services = asked.map((one) => ({ service: one.service, name: one.name, ready: one.isReady }));
  return Response.json({ status: isReady ? "ready" : "not ready", services }, { status: isReady ? 200 : 503 });
}

function auditPage(query: URLSearchParams, file: string): Response {
  const given = query.get("limit");
  const limit = given === null ? USUAL_LINES : Number(given);
  const since = query.get("since");
  const sinceMs = since === null ? undefined : Date.parse(since);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST_LINES)
    return bad(`limit is a number from 1 to ${MOST_LINES}`);
  if (Number.isNaN(sinceMs)) return bad("since is a time such as 2026-11-30T12:00:00Z");
  const { calls, isCut } = readAudit(file, {
    principal: query.get("principal") ?? undefined,
    tool: query.get("tool") ?? undefined,
    outcome: query.get("outcome") ?? undefined,
    since: sinceMs,
    limit,
  });
  return Response.json({ calls, cut: isCut });
}

function bad(what: string): Response {
  return refusal(400, SERVER_ERROR, `Bad Request: ${what}`);
}

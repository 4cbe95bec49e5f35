/** The routes about the service itself: is it alive, is it ready, what has it counted, what can it do. */
import { ENDPOINTS } from "../api/contract/endpoints.ts";
import { health, metrics, openApiDocument, readiness } from "../api/contract/service.ts";
import { VERSION } from "../version.ts";
import { type Route, route } from "./handler.ts";
import { METRICS_MEDIA_TYPE } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { problem } from "./problem.ts";

export interface ServiceState {
  /** Where others reach the service. */
  origin: string;
  openMetrics: boolean;
  isDraining(): boolean;
  /** Whether what the service depends on answers. */
  isReady(): Promise<boolean>;
}

export function serviceRoutes(state: ServiceState): Route<unknown>[] {
  let document: string | undefined;
  return [
    route(health, () => ({ body: { status: "ok" as const, version: VERSION } })),
    route(readiness, async () => {
      if (state.isDraining()) return problem("unavailable", "The service is about to stop");
      const isReady = await state.isReady().catch(() => false);
      return isReady ? { body: { status: "ready" as const } } : problem("unavailable", "The database does not answer");
    }),
    route(metrics, (context) => {
      if (!state.openMetrics) return problem("not_found");
      return { body: context.metrics.render(), headers: { "content-type": METRICS_MEDIA_TYPE } };
    }),
    route(openApiDocument, () => {
      document ??= JSON.stringify(openApi(ENDPOINTS, VERSION, state.origin));
      return { body: document };
    }),
  ];
}

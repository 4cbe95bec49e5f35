/** The services that km has, by name; none is loaded before it is chosen. */
import type { Service } from "./service.ts";

interface ServiceEntry {
  /** As the service itself says: for lists that load none. */
  title: string;
  load(): Promise<{ default: AnyService }>;
}

/**
 * A service whose configuration and backend are known to itself alone. `open` and the tools belong together, which
 * `open-services.ts` keeps so.
 */
// eslint-disable-next-line typescript/no-explicit-any -- both are only ever given back to the service that made them
export type AnyService = Service<any, any>;

export const SERVICES: Record<string, ServiceEntry> = {
  alertmanager: { title: "Alertmanager", load: () => import("./alertmanager/service.ts") },
  database: { title: "Databases", load: () => import("./database/service.ts") },
  elasticsearch: { title: "Elasticsearch", load: () => import("./elasticsearch/service.ts") },
  filesystem: { title: "Files", load: () => import("./filesystem/service.ts") },
  grafana: { title: "Grafana", load: () => import("./grafana/service.ts") },
  helm: { title: "Helm", load: () => import("./helm/service.ts") },
  jaeger: { title: "Jaeger", load: () => import("./jaeger/service.ts") },
  kibana: { title: "Kibana", load: () => import("./kibana/service.ts") },
  kubernetes: { title: "Kubernetes", load: () => import("./kubernetes/service.ts") },
  prometheus: { title: "Prometheus", load: () => import("./prometheus/service.ts") },
  s3: { title: "S3", load: () => import("./s3/service.ts") },
  utilities: { title: "Utilities", load: () => import("./utilities/service.ts") },
};

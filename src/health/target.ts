/** `HealthTarget`: a server that is to be checked, from wherever it is known. */
import type { ServerTarget } from "../connect/open-server.ts";
import type { ServerHealth } from "./server-health.ts";

export interface HealthTarget {
  name: string;
  from: ServerHealth["from"];
  transport: ServerHealth["transport"];
  /** For people, without secrets. */
  address: string;
  /**
   * What it is started or reached by: asked for at each check, since secrets and logins change. Its authorizer asks
   * nobody.
   *
   * @throws KmError where that cannot be said
   */
  resolve(): Promise<ServerTarget>;
}

/** `configuredApi`: which API this machine uses, by all that km reads its configuration from. */
import { apiOrigin } from "../config/api-origin.ts";
import { loadConfig } from "../config/load.ts";
import type { Surroundings } from "./check.ts";

export type ConfiguredApi =
  | { state: "configured"; origin: string }
  | { state: "none" }
  /** What is configured is no address that km would use. */
  | { state: "unusable"; variable: boolean };

export async function configuredApi({ paths, env, home, cwd }: Surroundings): Promise<ConfiguredApi> {
  if (paths === undefined) return { state: "none" };
  const { values, problems } = await loadConfig({ paths, env, home, cwd });
  const problem = problems.find(({ key, severity }) => key === "api.url" && severity === "error");
  if (problem !== undefined) return { state: "unusable", variable: problem.file === "KM_API_URL" };
  const origin = apiOrigin(values.api.url);
  return origin === undefined ? { state: "none" } : { state: "configured", origin };
}

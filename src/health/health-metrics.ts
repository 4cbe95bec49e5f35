/** `HealthMetrics`: the latest check of each server, as Prometheus reads it. */
import { labelValue, type Labels, MetricText, type Sample } from "../status/metric-text.ts";
import type { ServerHealth } from "./server-health.ts";

export class HealthMetrics {
  readonly #latest = new Map<string, ServerHealth>();
  /** Of a server that cannot be asked now it is the one from before, so that its series goes on. */
  readonly #eras = new Map<string, string>();

  add(health: ServerHealth): void {
    this.#latest.set(health.server, health);
    if (health.era !== undefined) this.#eras.set(health.server, health.era);
  }

  /** In the text format of Prometheus, version 0.0.4. */
  render(): string {
    const text = new MetricText();
    const servers = Array.from(this.#latest.values(), (health) => [health, this.#labels(health)] as const);
    const gauge = (name: string, help: string, of: (health: ServerHealth) => number | undefined): void =>
      text.family(
        name,
        "gauge",
        help,
        servers.map(([health, labels]): Sample => [labels, of(health)]),
      );
    gauge("km_server_up", "Whether the last check found it working, with warnings or without", ({ state }) =>
      Number(state !== "failed"),
    );
    gauge("km_server_warnings", "What the last check found that should be looked at", ({ steps }) =>
      steps.reduce((sum, { state, troubles }) => sum + (state === "warning" ? troubles.length : 0), 0),
    );
    gauge("km_server_needs_authentication", "Whether it failed for want of a login or of other credentials", (one) =>
      Number(one.needs_authentication),
    );
    text.family(
      "km_server_check_duration_seconds",
      "gauge",
      "How long each step of the last check took",
      servers.flatMap(([{ steps }, labels]) =>
        steps.map(({ step, duration_ms: ms }): Sample => [{ ...labels, step }, seconds(ms)]),
      ),
    );
    gauge("km_server_latency_seconds", "The median of the pings of the last check", ({ latency_ms: ms }) =>
      ms === undefined ? undefined : seconds(ms),
    );
    gauge("km_server_certificate_expiry_timestamp_seconds", "When its certificate expires", ({ certificate }) =>
      certificate === undefined ? undefined : Date.parse(certificate.expires_at) / 1000,
    );
    gauge("km_server_tools", "Tools that it offers", ({ tools }) => tools);
    gauge(
      "km_server_last_check_timestamp_seconds",
      "When the last check began",
      ({ checked_at: at }) => Date.parse(at) / 1000,
    );
    return text.toString();
  }

  #labels({ server }: ServerHealth): Labels {
    return { server: labelValue(server), era: this.#eras.get(server) ?? "unknown" };
  }
}

/** To the microsecond. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1_000_000;
}

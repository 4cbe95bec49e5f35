/** `MetricStore`: the numbers that a plugin reports, summed up by name. */
import { isObject } from "../../wire/jsonrpc.ts";

export interface Metric {
  last: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  unit?: string;
}

const MAX_NAMES = 100;
const MAX_NAME = 100;
const MAX_UNIT = 20;

/** One store for each plugin and session, in memory only: the status file has a copy. */
export class MetricStore {
  readonly #metrics = new Map<string, Metric>();

  /**
   * @param params of a `km/metric`, as the plugin sent them
   * @returns why they were not taken, for the plugin's log
   */
  record(params: unknown): string | undefined {
    const { name, value, unit }: Record<string, unknown> = isObject(params) ? params : {};
    if (typeof name !== "string" || name === "" || name.length > MAX_NAME) {
      return `Cannot record a metric: its name is not 1 to ${MAX_NAME} characters`;
    }
    if (typeof value !== "number" || !Number.isFinite(value)) {
      return `Cannot record metric ${name}: its value is not a finite number`;
    }
    const before = this.#metrics.get(name);
    if (before === undefined && this.#metrics.size >= MAX_NAMES) {
      return `Cannot record metric ${name}: there are ${MAX_NAMES} others`;
    }
    const { count, sum, min, max } = before ?? { count: 0, sum: 0, min: value, max: value };
    if (!Number.isFinite(sum + value)) return `Cannot record metric ${name}: the sum would not be finite`;
    const known = typeof unit === "string" ? unit.slice(0, MAX_UNIT) : before?.unit;
    this.#metrics.set(name, {
      last: value,
      count: count + 1,
      sum: sum + value,
      min: Math.min(min, value),
      max: Math.max(max, value),
      ...(known === undefined ? {} : { unit: known }),
    });
    return undefined;
  }

  /** By name, in the order in which they came up. */
  toJson(): Record<string, Metric> {
    return Object.fromEntries(this.#metrics);
  }
}

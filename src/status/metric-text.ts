/** `MetricText`: metrics as Prometheus reads them, in its text format of version 0.0.4. */

export type MetricType = "counter" | "gauge" | "histogram" | "summary";
export type Labels = Record<string, string>;
/** A label `series` is the name of the series, where it is not that of the metric. Whatever is not known is left out. */
export type Sample = [labels: Labels, value: number | undefined];

/** The ends of longer values of labels are left out. */
const LONGEST_NAME = 120;

export class MetricText {
  readonly #lines: string[] = [];

  family(name: string, type: MetricType, help: string, samples: readonly Sample[]): void {
    const known = samples.filter(([, value]) => value !== undefined && !Number.isNaN(value));
    if (known.length === 0) return;
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [{ series = name, ...labels }, value] of known) this.#lines.push(`${series}${braces(labels)} ${value}`);
  }

  toString(): string {
    return this.#lines.length === 0 ? "" : `${this.#lines.join("\n")}\n`;
  }
}

/** A name from anywhere as the value of a label: what Prometheus keeps stays bounded. */
export function labelValue(name: string): string {
  if (name.length <= LONGEST_NAME) return name.toWellFormed();
  return Array.from(name.slice(0, 2 * LONGEST_NAME))
    .slice(0, LONGEST_NAME)
    .join("")
    .toWellFormed();
}

function braces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (one) => (one === "\n" ? "\\n" : `\\${one}`));
}

/** Labels, as Prometheus and its relatives give them to series and alerts. */
import * as v from "valibot";
import { quote } from "./matcher.ts";

export type Labels = Record<string, string>;

export const LABELS = v.record(v.string(), v.string());

/** Those that all have alike, but for the name: a reader need see them only once. Of one alone, none. */
export function commonLabels(all: readonly Labels[]): Labels {
  const [first = {}, ...others] = all;
  if (others.length === 0) return {};
  const common = Object.entries(first).filter(
    ([label, value]) => label !== "__name__" && others.every((one) => one[label] === value),
  );
  return Object.fromEntries(common);
}

/** @returns `labels` but for those of `common` */
export function withoutLabels(labels: Labels, common: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => !Object.hasOwn(common, label)));
}

/** `up{instance="a:80",job="web"}` */
export function seriesName({ __name__: name = "", ...labels }: Labels): string {
  const inside = Object.entries(labels).map(([label, value]) => `${label}=${quote(value)}`);
  return inside.length === 0 && name !== "" ? name : `${name}{${inside.join(",")}}`;
}

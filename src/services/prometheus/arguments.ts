/** Arguments that several tools of Prometheus take. */
import * as v from "valibot";
import { parseDuration } from "../../config/units.ts";
import { text } from "../../guard/policy/schema-parts.ts";

export const promqlArgument = v.pipe(text("a PromQL expression", 20_000), v.description("PromQL"));

const SELECTORS = 'a list of selectors such as up{job="web"}';

export const selectorsArgument = v.pipe(
  v.array(text(SELECTORS, 5000), SELECTORS),
  v.minLength(1, SELECTORS),
  v.maxLength(20, SELECTORS),
  v.description('Selectors such as up{job="web"}'),
);

const STEP = "a duration such as 30s, or auto";

export const stepArgument = v.optional(
  v.pipe(
    v.string(STEP),
    v.check((value) => value === "auto" || (parseDuration(value) ?? 0) >= 1, STEP),
    v.description("Such as 30s; chosen unless given"),
  ),
);

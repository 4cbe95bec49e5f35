/** What arguments of several tools may be. */
import * as v from "valibot";
import { parseDuration } from "../../config/units.ts";
import { described, list, record, text } from "../../guard/policy/schema-parts.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";

const RELEASE = "the name of a release: small letters, digits, dashes and dots, at most 53";
const VERSION = "a version or a range such as 1.2.3, ^1.2 or >=1.0.0";
const REVISION = "the number of a revision";
const VALUES = "a mapping";
const DURATION = "a duration from 1s to 30m, such as 5m";
const BOOLEAN = "true or false";
const LONGEST_MS = 30 * 60_000;
/** What km puts in the place of a secret. */
const MASK = /\[redacted:/;

export const releaseText = v.pipe(
  v.string(RELEASE),
  v.check(
    (name) => name.length <= 53 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/.test(name),
    RELEASE,
  ),
);

export const chartArgument = v.pipe(
  text("a chart", 2000),
  v.description("repo/name, oci://..., https://...tgz, or ./folder"),
);

export const versionArgument = v.optional(
  v.pipe(
    v.string(VERSION),
    v.check((version) => /^[\w.+*~^<>=|, -]{1,100}$/.test(version), VERSION),
    v.description("Default: the newest"),
  ),
);

export const repoArgument = described("URL of a repository, for a chart's name alone", text("a URL", 2000));

export const revisionArgument = v.optional(
  v.pipe(v.number(REVISION), v.safeInteger(REVISION), v.minValue(1, REVISION)),
);

const values = v.pipe(
  record(v.unknown(), VALUES),
  v.check(
    (given) => !MASK.test(JSON.stringify(given)),
    "values without masks: what is [redacted:...] is left out, and stays as it is where the old values are kept",
  ),
);

export const valuesArgument = v.optional(values);

/** How a chart is named. */
export const chartArguments = { chart: chartArgument, version: versionArgument, repo: repoArgument };

/** Of what changes a cluster. */
export const changeArguments = {
  wait: described("Until all is ready", v.boolean(BOOLEAN)),
  timeout: described(
    "Default 5m",
    v.pipe(
      v.string(DURATION),
      v.check(
        (span) => (parseDuration(span) ?? 0) >= 1000 && (parseDuration(span) ?? Infinity) <= LONGEST_MS,
        DURATION,
      ),
    ),
  ),
  no_hooks: v.optional(v.boolean(BOOLEAN)),
};

/** Of what brings a chart into a cluster. */
export const releaseArguments = {
  name: releaseText,
  ...chartArguments,
  namespace: namespaceArgument,
  values: valuesArgument,
  description: described("Kept with the revision", text("a text", 500)),
  ...changeArguments,
  context: contextArgument,
};

export const apiVersionsArgument = described(
  "Such as monitoring.coreos.com/v1",
  list(text("an API version", 253), "a list of API versions"),
);

export function flag(words: string) {
  return described(words, v.boolean(BOOLEAN));
}

/** `compileConditions`: what a rule asks for, with globs, places, folders, times and addresses resolved. */
import { describe } from "../../config/problem.ts";
import { parseRange } from "./addresses.ts";
import type {
  AddressRange,
  ArgumentCondition,
  Conditions,
  FindingsCondition,
  NamePatterns,
  PathBase,
  TimeCondition,
  ValueTest,
} from "./compiled.ts";
import { checkPattern } from "./check-pattern.ts";
import type { Report } from "./compile-problem.ts";
import { METHODS_WITH } from "./governed.ts";
import { NameMatcher } from "./name-matcher.ts";
import type { WrittenCondition, WrittenRule, WrittenTests } from "./schema.ts";
import { parseDays, parseFolder, parseHours, parseNames, parsePlace, PLACE_HINT } from "./written.ts";

type Path = (string | number)[];

export function compileConditions(rule: WrittenRule, path: Path, base: PathBase, report: Report): Conditions {
  const names = (part: "server" | "tool" | "method" | "prompt" | "resource"): NamePatterns | undefined => {
    const written = rule[part];
    const parsed = written === undefined ? undefined : parseNames(written);
    if (written !== undefined && parsed === undefined) report([...path, part], "A name is empty");
    return parsed;
  };
  const conditions: Conditions = {
    server: names("server"),
    tool: names("tool"),
    method: names("method"),
    prompt: names("prompt"),
    resource: names("resource"),
    arguments: Object.entries(rule.arguments ?? {}).map(([place, written]) =>
      compileArgument(place, written, [...path, "arguments", place], base, report),
    ),
    annotations: rule.annotations === undefined ? undefined : present(rule.annotations),
    definition: rule.definition === undefined ? undefined : [rule.definition].flat(),
    time: compileTime(rule, path, report),
    findings: rule.findings === undefined ? undefined : compileFindings(rule, rule.findings, path, report),
  };
  checkMethod(rule, conditions.method, path, report);
  return conditions;
}

/** A rule about things of several kinds, or about methods that have no such thing, is about nothing. */
function checkMethod(rule: WrittenRule, method: NamePatterns | undefined, path: Path, report: Report): void {
  const [first, ...others] = (["tool", "annotations", "definition", "prompt", "resource"] as const).flatMap((part) =>
    rule[part] === undefined ? [] : [{ part, kind: part === "prompt" || part === "resource" ? part : "tool" } as const],
  );
  if (first === undefined) return;
  const other = others.find(({ kind }) => kind !== first.kind);
  if (other !== undefined) {
    report([...path, other.part], `No message has both ${first.part} and ${other.part}`, "Write two rules.", "key");
  }
  const methods = METHODS_WITH[first.kind];
  const named = method && new NameMatcher(method);
  if (named === undefined || methods.some((one) => named.matches(one) !== false)) return;
  const which = methods.length === 1 ? "the method" : "the methods";
  report([...path, "method"], `${first.part} is only about ${which} ${methods.join(", ")}, which this leaves out`);
}

function compileArgument(
  place: string,
  written: WrittenCondition,
  path: Path,
  base: PathBase,
  report: Report,
): ArgumentCondition {
  const steps = parsePlace(place);
  if (steps === undefined) report(path, `${describe(place)} is not a place in arguments`, PLACE_HINT, "key");
  return { path: steps ?? [], tests: compileTests(asTests(written), path, base, report) };
}

function asTests(written: WrittenCondition): WrittenTests {
  if (Array.isArray(written)) return { one_of: written };
  return typeof written === "object" && written !== null ? written : { equals: written };
}

function compileTests(written: WrittenTests, path: Path, base: PathBase, report: Report): ValueTest[] {
  const tests: ValueTest[] = [];
  const { present: isPresent, equals, one_of: oneOf, matches, inside, outside, host, above, below } = written;
  if (isPresent !== undefined) tests.push({ test: "present", present: isPresent });
  if (equals !== undefined) tests.push({ test: "one of", values: [equals] });
  if (oneOf !== undefined) tests.push({ test: "one of", values: oneOf });
  if (matches !== undefined) {
    checkPattern(matches, [...path, "matches"], true, report);
    tests.push({ test: "matches", pattern: matches });
  }
  if (inside !== undefined) tests.push({ test: "inside", folders: folders(inside, "inside"), base });
  if (outside !== undefined) tests.push({ test: "outside", folders: folders(outside, "outside"), base });
  if (host !== undefined) tests.push(compileHosts([host].flat(), [...path, "host"], report));
  if (written.private_address !== undefined)
    tests.push({ test: "private address", isPrivate: written.private_address });
  if (above !== undefined) tests.push({ test: "above", bound: above });
  if (below !== undefined) tests.push({ test: "below", bound: below });
  if (written.longer_than !== undefined) tests.push({ test: "longer than", length: written.longer_than });
  if (written.not !== undefined)
    tests.push({ test: "not", tests: compileTests(written.not, [...path, "not"], base, report) });
  if (tests.length === 0)
    report(path, "It is not said what must stand there", "Such as { one_of: [a, b] } or { present: true }.");
  const isMixed = isPresent !== undefined && (tests.length > 1 || path.includes("not"));
  if (isMixed)
    report(
      [...path, "present"],
      "present stands alone: whatever else is asked for is asked of what is there",
      undefined,
      "key",
    );
  return tests;

  function folders(texts: string | string[], name: string) {
    return [texts].flat().map((text, index) => {
      const folder = parseFolder(text, base);
      if (folder === undefined) {
        const hint = "Allowed: an absolute path, or one that begins with ~ or ${cwd}.";
        report([...path, name, ...(Array.isArray(texts) ? [index] : [])], `${describe(text)} is no folder`, hint);
      }
      return folder ?? [];
    });
  }
}

function compileHosts(texts: string[], path: Path, report: Report): ValueTest {
  const ranges: AddressRange[] = [];
  const names: string[] = [];
  for (const text of texts) {
    const range = parseRange(text);
    if (range !== undefined) ranges.push(range);
    else if (/[/:@\s]/.test(text))
      report(path, `${describe(text)} is no host`, "Such as *.example.com, 10.0.0.0/8 or ::1, without scheme or port.");
    else names.push(text.toLowerCase());
  }
  const hosts = parseNames(names);
  if (hosts === undefined) report(path, "A host is empty");
  return { test: "host", hosts: hosts ?? { any: [], none: [] }, ranges };
}

function compileTime({ hours, days, zone }: WrittenRule, path: Path, report: Report): TimeCondition | undefined {
  if (hours === undefined && days === undefined) {
    if (zone !== undefined) report([...path, "zone"], "zone means nothing without hours or days", undefined, "key");
    return undefined;
  }
  const read = <T>(
    part: "hours" | "days",
    written: string | string[] | undefined,
    parse: (text: string) => T | undefined,
  ) =>
    (written === undefined ? [] : [written].flat()).flatMap((text, index) => {
      const parsed = parse(text);
      const at = [...path, part, ...(Array.isArray(written) ? [index] : [])];
      const hint = part === "hours" ? "Such as 09:00-17:30, or 22:00-06:00." : "Such as mon, or mon-fri.";
      if (parsed === undefined) report(at, `${part} cannot be ${describe(text)}`, hint);
      return parsed === undefined ? [] : [parsed];
    });
  if (zone !== undefined && !isZone(zone))
    report([...path, "zone"], `${describe(zone)} is no time zone`, "Such as Europe/Berlin or UTC.");
  return { hours: read("hours", hours, parseHours), days: read("days", days, parseDays).flat(), zone };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

function compileFindings(
  rule: WrittenRule,
  written: NonNullable<WrittenRule["findings"]>,
  path: Path,
  report: Report,
): FindingsCondition {
  // A person can only be asked before the call is made.
  const everywhere: FindingsCondition["in"] = rule.action === "ask" ? ["arguments"] : ["arguments", "result"];
  if (typeof written === "string") return { least: written, in: everywhere, rules: undefined };
  const rules = written.rules === undefined ? undefined : parseNames(written.rules);
  if (written.rules !== undefined && rules === undefined) report([...path, "findings", "rules"], "A name is empty");
  return { least: written.at_least, in: written.in === undefined ? everywhere : [written.in].flat(), rules };
}

function present<T>(values: Record<string, T | undefined>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

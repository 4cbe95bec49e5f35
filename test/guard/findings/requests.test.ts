/** Results that ask a model for something are found, and texts that look like them are not. */
import { describe, expect, test } from "bun:test";
import type { Finding } from "../../../src/guard/findings/finding.ts";
import { answered } from "./cases/case.ts";
import { CLEAN_TEXTS } from "./cases/clean-texts.ts";
import { inspectCase } from "./cases/inspect-case.ts";
import { REQUESTS } from "./cases/requests.ts";

function alarms(text: string): Finding[] {
  return inspectCase(answered(text)).filter(({ severity }) => severity !== "low" && severity !== "info");
}

describe.each(Object.entries(REQUESTS))("%s", (_name, texts) => {
  test("are found", () => {
    expect(texts.filter((text) => alarms(text).length === 0)).toEqual([]);
  });
});

describe.each(Object.entries(CLEAN_TEXTS))("%s", (_name, texts) => {
  test("raise no alarm", () => {
    const raised = texts.map((text) => [text, alarms(text)] as const).filter(([, findings]) => findings.length > 0);
    expect(raised).toEqual([]);
  });
});

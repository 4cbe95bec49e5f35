/** The endpoint that judges a call by the rules of the local guard. */
import * as v from "valibot";
import { SEVERITIES } from "../../guard/findings/finding.ts";
import { RISK_LEVELS } from "../../guard/findings/risk-score.ts";
import { defineEndpoint } from "./endpoint.ts";
import { NAME_CHARACTERS } from "./event-form.ts";
import { JSON_OBJECT, LINE } from "./values.ts";

/** The rules take their time over what was made to keep them busy, and everybody else waits for them. */
const CALL_BYTES = 512 * 1024;

const FINDING = v.object({
  rule: v.string(),
  severity: v.picklist(SEVERITIES),
  title: v.string(),
  /** A path that begins with what was given: `arguments.url`, `definition.description`, `result.content[0].text`. */
  place: v.string(),
  evidence: v.string(),
  /** Of the OWASP MCP Top 10, such as `MCP03`. */
  owasp: v.string(),
  key: v.string(),
});

export const analyzeRisk = defineEndpoint({
  name: "analyzeRisk",
  method: "POST",
  path: "/api/risk/analyze",
  summary: "Judges a call, the tool's definition or the call's result by the rules of the findings; nothing is kept",
  authentication: "token",
  budget: "analysis",
  body: {
    mediaType: "application/json",
    maxBytes: CALL_BYTES,
    schema: v.strictObject({
      server: v.optional(LINE),
      tool: v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_CHARACTERS)),
      arguments: v.optional(JSON_OBJECT),
      definition: v.optional(JSON_OBJECT),
      result: v.optional(JSON_OBJECT),
    }),
  },
  answer: {
    schema: v.object({
      /** From 0 to 100. */
      score: v.number(),
      /** The severity of the worst reason. */
      level: v.picklist(RISK_LEVELS),
      /** The worst first. */
      reasons: v.array(FINDING),
    }),
  },
});

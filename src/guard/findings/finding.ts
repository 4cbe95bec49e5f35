/** `Finding`: something in a definition, in arguments or in a result that a person should look at. */

/** From the worst to the least. */
export const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;

export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  /** Id of the rule that found it, such as `hidden-text`. Stable, for programs. */
  rule: string;
  severity: Severity;
  /** One line for people. */
  title: string;
  /** Name of the tool that it is about, where the title says something of one among many. */
  tool?: string;
  /** Where it was found, as a path: `description`, `inputSchema.properties.path.description`, `arguments.url`, `content[0].text`. */
  place: string;
  /** What was found there: at most 500 characters, invisible ones written as escapes, secrets masked. */
  evidence: string;
  /** Of the OWASP MCP Top 10, such as `MCP03`. */
  owasp: string;
  /** Rule, place and evidence, hashed: the same finding has the same key each time. */
  key: string;
}

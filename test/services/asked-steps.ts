/** `askedSteps`: which tools a prompt tells a model to use, and with which arguments. */
import type { Client } from "@modelcontextprotocol/client";
import * as v from "valibot";

export interface AskedStep {
  /** Its full name. */
  tool: string;
  args: Record<string, unknown>;
}

const ARGUMENTS = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown()));

/** @throws Error for arguments that are no JSON */
export async function askedSteps(
  client: Client,
  name: string,
  args: Record<string, string>,
): Promise<{ text: string; steps: AskedStep[] }> {
  const { messages } = await client.getPrompt({ name, arguments: args });
  const text = messages.map(({ content }) => (content.type === "text" ? content.text : "")).join("\n");
  const steps = Array.from(text.matchAll(/^\d+\. ([a-z0-9]+_\w+)(: | \{.*\}: )/gm), ([, tool = "", rest = ""]) => ({
    tool,
    args: rest === ": " ? {} : v.parse(ARGUMENTS, wholeMapping(rest.trim())),
  }));
  return { text, steps };
}

/** Of what begins with one: what is said behind it may have braces too. */
function wholeMapping(text: string): string {
  for (let end = text.indexOf("}: "); end >= 0; end = text.indexOf("}: ", end + 1)) {
    const part = text.slice(0, end + 1);
    if (v.is(ARGUMENTS, part)) return part;
  }
  return text.slice(0, -1);
}

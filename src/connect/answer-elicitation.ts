/** `answerElicitation`: what a server asks of the person in front of the terminal: a form, or a look at a page. */
import type { Reply, ServerRequest } from "../mcp/conversation.ts";
import { prettyJson } from "../pretty-json.ts";
import { printable } from "../terminal.ts";
import { isObject, type JsonObject } from "../wire/jsonrpc.ts";
import { askForm } from "./ask-form.ts";
import type { Asker } from "./asker.ts";
import { printableLines } from "./show-parts.ts";
import { objectText } from "./typed-arguments.ts";
import type { Colors } from "picocolors/types";

export interface ElicitationOptions {
  asker: Asker;
  colours: Colors;
  /** As the user knows it. */
  server: string;
  /** @returns whether it could be shown */
  openPage(url: string): boolean;
}

/** Never sends what the person has not seen and agreed to. */
export async function answerElicitation(
  { params }: ServerRequest,
  options: ElicitationOptions,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  const { message, mode, url, requestedSchema } = params;
  const { asker, colours, server } = options;
  const text = typeof message === "string" ? printableLines(message).trimEnd() : "";
  asker.tell(`\n${colours.bold(printable(server))} asks: ${text}`);
  if (mode === "url") return await askForPage(String(url), options, signal);
  return await askForContent(isObject(requestedSchema) ? requestedSchema : {}, options, signal);
}

async function askForContent(
  schema: JsonObject,
  { asker, colours }: ElicitationOptions,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  for (;;) {
    const values = await askForm(schema, asker, undefined, signal);
    if (values === undefined) return await askWhatInstead(asker, signal);
    const content = objectText(values);
    if (values.size > 0) asker.tell(prettyJson(content, colours).replace(/^/gm, "  "));
    const answer = await asker.ask("  Send it? [Y]es, [e]dit, [d]ecline, [c]ancel: ", { signal });
    switch (answer?.trim().toLowerCase().charAt(0)) {
      case "":
      case "y":
        return { result: `{"action":"accept","content":${content}}` };
      case "e":
        break;
      case "d":
      case "n":
        return action("decline");
      default:
        return action("cancel");
    }
  }
}

/** The server hears a no as something else than no answer. Who wants neither leaves it all. */
async function askWhatInstead(asker: Asker, signal: AbortSignal | undefined): Promise<Reply> {
  if (signal?.aborted) return action("cancel");
  const answer = await asker.ask("  [d]ecline, or [c]ancel? (Ctrl-C takes the request back) ", { signal });
  if (answer === undefined) return { error: { code: INTERNAL_ERROR, message: "nobody answers" } };
  return action(/^d/i.test(answer.trim()) ? "decline" : "cancel");
}

const INTERNAL_ERROR = -32603;

async function askForPage(
  url: string,
  { asker, colours, openPage }: ElicitationOptions,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" && parsed?.protocol !== "http:") {
    asker.tell(`  It wants a page to be looked at that is none: ${printable(url)}`);
    return action("cancel");
  }
  // As it is, and not as its address claims to be: a host in other letters shows in punycode.
  asker.tell(`  Page: ${printable(parsed.href)}`);
  asker.tell(`  Host: ${colours.bold(printable(parsed.host))}`);
  const answer = await asker.ask("  Open it in the browser? [y]es, [d]ecline, [C]ancel: ", { signal });
  if (answer === undefined || !/^[ydn]/i.test(answer.trim())) return action("cancel");
  if (!/^y/i.test(answer.trim())) return action("decline");
  if (!openPage(parsed.href)) asker.tell("  No browser can be opened from here: open the page yourself.");
  return action("accept");
}

function action(name: "accept" | "decline" | "cancel"): Reply {
  return { result: JSON.stringify({ action: name }) };
}

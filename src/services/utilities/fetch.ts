/** The tool `utilities_fetch`: a page of the web as text. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { tool } from "../tool.ts";
import type { UtilitiesBackend } from "./backend.ts";
import { getPage, type Page } from "./get-page.ts";
import { htmlText } from "./html-text.ts";

const LIMIT = "a whole number from 100 to 50000";
const FROM = "a whole number, at least 0";
const USUAL_LIMIT = 10_000;
/** Of what is downloaded. */
const MOST_BYTES = 4 << 20;
const MOST_IMAGE_BYTES = 1 << 20;
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXTS =
  /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|yaml|toml)\b|application\/(?:x-ndjson|x-yaml|javascript|ecmascript|graphql|sql)\b|image\/svg)/;

export const fetchPage = tool({
  name: "fetch",
  title: "Fetch",
  description: "What is at a public URL (GET), pages of HTML as text. For more of a long one: from.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    url: v.pipe(text("an https or http URL", 8192), v.description("https://...")),
    limit: described(
      `Characters at most; ${USUAL_LIMIT} unless given`,
      v.pipe(v.number(LIMIT), v.integer(LIMIT), v.minValue(100, LIMIT), v.maxValue(50_000, LIMIT)),
    ),
    from: described("Skip so many characters", v.pipe(v.number(FROM), v.integer(FROM), v.minValue(0, FROM))),
    raw: described("HTML as it is", v.boolean("true, false")),
  }),
  output: v.object({
    url: v.string(),
    status: v.number(),
    type: v.string(),
    title: v.optional(v.string()),
    content: v.optional(v.string()),
    length: v.number(),
  }),
  async run(
    { url: given, limit = USUAL_LIMIT, from = 0, raw = false },
    { backend, signal }: { backend: UtilitiesBackend; signal: AbortSignal },
  ) {
    const url = URL.parse(given);
    if (url === null) {
      throw new KmError("SVC_001", "Argument url is no URL", { hint: "Give all of it: https://example.com/page?x=1." });
    }
    const page = await getPage(url, { privateHosts: backend.privateHosts, mostBytes: MOST_BYTES, signal });
    const type = page.type.split(";")[0]?.trim().toLowerCase() ?? "";
    const found = { url: page.url.href, status: page.status, type };
    if (IMAGES.has(type) && page.body.length <= MOST_IMAGE_BYTES) {
      const image = { mimeType: type, base64: page.body.toString("base64") };
      return { data: { ...found, length: page.body.length }, images: [image] };
    }
    if (type !== "" && !TEXTS.test(type)) {
      throw new KmError("SVC_007", `${page.url.host} has ${type} there, which is no text (${page.body.length} bytes)`);
    }
    const isHtml = /html/.test(type) && !raw;
    const { title, text: whole } = isHtml ? htmlText(textOf(page)) : { title: undefined, text: textOf(page) };
    const content = Array.from(whole.slice(from, from + limit))
      .join("")
      .toWellFormed();
    const end = from + content.length;
    const rest =
      end < whole.length
        ? `Shown are characters ${from} to ${end} of ${whole.length}; go on with from: ${end}.`
        : undefined;
    const cut = page.isCut ? `Only the first ${MOST_BYTES >> 20} MB were read.` : undefined;
    const failed = page.status >= 400 ? `It answered with status ${page.status}.` : undefined;
    const note = [failed, rest, cut].filter((one) => one !== undefined).join(" ");
    return {
      data: { ...found, ...(title !== undefined && { title }), content, length: whole.length },
      text: title === undefined ? content : `${title}\n\n${content}`,
      ...(note !== "" && { note }),
    };
  },
});

/** Others are rare, and read as UTF-8. */
const LATIN = /^(?:iso-8859-1|latin1|windows-1252|us-ascii)$/i;

function textOf({ type, body }: Page): string {
  const [, named = ""] = /charset="?([\w.:-]+)/i.exec(type) ?? [];
  if (LATIN.test(named)) return new TextDecoder("windows-1252").decode(body);
  return new TextDecoder(/^utf-16/i.test(named) ? "utf-16" : "utf-8").decode(body);
}

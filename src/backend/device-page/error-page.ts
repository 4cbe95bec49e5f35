/** `errorPage`: a problem for people, where what they asked for would have been a page. */
import { PROBLEMS } from "../../api/contract/problem.ts";
import type { ErrorAnswer, Problem } from "../problem.ts";
import { markup } from "./markup.ts";
import { page } from "./page.ts";
import { waitWords } from "./wait-words.ts";

export function errorPage({ code, detail, headers }: Problem, requestId: string): ErrorAnswer {
  const { status, title } = PROBLEMS[code];
  const wait = Number(headers?.["retry-after"]);
  const later = wait > 0 ? `Try again in ${waitWords(wait)}.` : undefined;
  const main = markup`${detail === undefined ? undefined : markup`<p>${detail}</p>`}
${later === undefined ? undefined : markup`<p>${later}</p>`}
<p class="quiet">If this goes on, tell whoever runs this service: <span class="id">${requestId}</span></p>`;
  const answer = page({ title, main, status, ...(headers && { headers }) });
  return { ...answer, headers: { ...answer.headers, "content-type": "text/html; charset=utf-8" } };
}

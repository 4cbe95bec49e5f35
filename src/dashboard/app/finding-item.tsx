/** `FindingItem`: one finding as a line, which opens: what was found and where, and how it is accepted. */
import { shortId } from "../../stream/session-id.ts";
import type { Place, ShownFinding } from "../findings-form.ts";
import { AcceptFinding } from "./accept-finding.tsx";
import { LongText, marked } from "./json-tree.tsx";
import { hashOf, type Route } from "./route.ts";
import { SeverityWord } from "./severity.tsx";
import { clock, dateTime, dayOf, number } from "./text.ts";

interface Props {
  finding: ShownFinding;
  /** The one that is meant, of those where it was found. */
  at: Place;
  /** What links go on from; without it there are none. */
  route?: Route;
  refresh(): void;
  say(text: string): void;
}

/** Of a place that is found again in every session. */
const MOST_PLACES = 20;
const EVIDENCE_CHARACTERS = 2000;
/** Of the line: no more can be seen. */
const GLIMPSE_CHARACTERS = 300;

export function FindingItem({ finding, at, route, refresh, say }: Props) {
  const { severity, title, rule, server, tool, plugin, place, evidence, owasp, key, found, accepted } = finding;
  return (
    <details class={accepted === undefined ? "finding" : "finding accepted"}>
      <summary>
        <SeverityWord severity={severity} />
        <span class="what">
          <span class="title">{title}</span>
          {accepted === undefined ? null : <span class="tag">accepted</span>}
          {evidence === undefined ? null : (
            <code class="evidence">{marked(evidence.slice(0, GLIMPSE_CHARACTERS))}</code>
          )}
        </span>
        <code class="rule">{rule}</code>
        <span class="of">
          {server}
          {tool === undefined ? null : <span class="target"> {tool}</span>}
        </span>
        <time dateTime={at.time} title={at.time}>
          {`${dayOf(at.time, Date.now())} ${clock(at.time).slice(0, "20:16:25".length)}`.trim()}
        </time>
      </summary>
      <div class="more">
        {evidence === undefined ? null : (
          <pre tabIndex={0} role="region" aria-label={`Evidence of ${title}`}>
            <LongText text={evidence} most={EVIDENCE_CHARACTERS} />
          </pre>
        )}
        <dl>
          <Fact name="Server" value={server} />
          <Fact name="Tool" value={tool} />
          <Fact name="Rule" value={rule} />
          <Fact name="OWASP" value={owasp && `${owasp} of the MCP Top 10`} />
          <Fact name="Place" value={place} />
          <Fact name="Found by" value={plugin} />
          <Fact name="Key" value={key} />
        </dl>
        {route === undefined ? null : (
          <ul class="places" aria-label="Where it was found">
            {found.slice(0, MOST_PLACES).map((one, index) => (
              <li key={index}>
                <a class="link" href={hashOf(routeTo(one, route))}>
                  {one.seq === undefined ? "Session" : "Call"} {shortId(one.session_id)}
                  {one.seq === undefined ? "" : `/${one.seq}`}
                </a>{" "}
                <span class="quiet">{dateTime(one.time)}</span>
              </li>
            ))}
            {found.length > MOST_PLACES ? (
              <li class="quiet">and {number(found.length - MOST_PLACES)} times before</li>
            ) : null}
          </ul>
        )}
        <AcceptFinding finding={finding} refresh={refresh} say={say} />
      </div>
    </details>
  );
}

function Fact({ name, value }: { name: string; value: string | undefined }) {
  if (value === undefined || value === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The call, whichever of its events it was; what is about a session as a whole has none. */
function routeTo({ session_id: session, seq }: Place, route: Route): Route {
  const plain: Route = { ...route, compare: undefined, filter: "", search: "", errorsFirst: false };
  return seq === undefined
    ? { ...plain, view: "sessions", session, open: undefined }
    : { ...plain, view: "calls", session, open: { session, seq } };
}

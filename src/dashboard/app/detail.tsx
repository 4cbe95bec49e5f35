/** `Detail`: an entry with everything that was said in it. */
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { LogEntry } from "../../stream/entry.ts";
import type { StreamEvent } from "../../stream/event.ts";
import { shortId } from "../../stream/session-id.ts";
import type { Row } from "./book.ts";
import { EntryFindings } from "./entry-findings.tsx";
import { JsonTree, LongText, marked, parseMessage } from "./json-tree.tsx";
import type { EntryName } from "./route.ts";
import type { Sessions } from "./sessions.ts";
import { SIGNS, stateOf, titleOf } from "./state.ts";
import { bytes, clock, dayOf, duration, number } from "./text.ts";
import { useEntry } from "./use-entry.ts";
import type { KnownFindings } from "./use-findings.ts";

interface Props {
  name: EntryName;
  /** As it stands in the list, if it does. */
  row: Row | undefined;
  sessions: Sessions;
  findings: KnownFindings;
  close(): void;
  say(text: string): void;
}

type Look = "tree" | "raw";

/** Shown at once of a call with many thousands of notifications. */
const MOST_EVENTS = 200;
/** Of a message as it was sent: a browser takes seconds for the lines of a megabyte. */
const RAW_CHARACTERS = 50_000;

export function Detail({ name, row, sessions, findings, close, say }: Props) {
  const loaded = useEntry(name, row, sessions);
  const [look, setLook] = useState<Look>("tree");
  const entry = loaded.kind === "loaded" ? loaded.value : row?.entry;
  // Large messages are laid out once, not with every call that comes live.
  const messages = useMemo(
    () => (loaded.kind === "loaded" ? <Messages events={loaded.value.events} look={look} say={say} /> : null),
    [loaded, look],
  );
  const title = entry === undefined ? { name: `Event ${name.seq}`, target: "" } : titleOf(entry);
  return (
    <section class="detail" aria-label="Selected call">
      <header>
        <h2>
          <span class="method">{title.name}</span> <span class="target">{title.target}</span>
        </h2>
        <button type="button" class="icon" onClick={close} aria-label="Close" title="Close (Esc)">
          ✕
        </button>
      </header>
      {entry === undefined ? null : <Facts entry={entry} sessions={sessions} />}
      <div class="tools" role="group" aria-label="How messages are shown">
        {(["tree", "raw"] as const).map((one) => (
          <button type="button" key={one} aria-pressed={look === one} onClick={() => setLook(one)}>
            {one === "tree" ? "Tree" : "Raw"}
          </button>
        ))}
        <span class="spring" />
        <button type="button" onClick={() => void copy(location.href, "Link copied", say)}>
          Copy link
        </button>
      </div>
      <div class="messages">
        {entry === undefined ? null : <EntryFindings entry={entry} known={findings} say={say} />}
        {loaded.kind === "loading" ? <p class="quiet">Reading the messages …</p> : null}
        {loaded.kind === "failed" ? (
          <p class="fault" role="alert">
            {loaded.why}
          </p>
        ) : null}
        {messages}
      </div>
    </section>
  );
}

function Messages({ events, look, say }: { events: readonly StreamEvent[]; look: Look; say(text: string): void }) {
  const [most, setMost] = useState(MOST_EVENTS);
  return (
    <>
      {events.slice(0, most).map((event) => (
        <Message key={event.seq} event={event} look={look} say={say} />
      ))}
      {events.length > most ? (
        <p>
          <button type="button" onClick={() => setMost(most + MOST_EVENTS)}>
            {number(events.length - most)} more messages
          </button>
        </p>
      ) : null}
    </>
  );
}

function Facts({ entry, sessions }: { entry: LogEntry; sessions: Sessions }) {
  const state = stateOf(entry, sessions);
  const isCall = entry.kind === "call";
  const took = entry.duration_ms === undefined ? "–" : duration(entry.duration_ms);
  const facts: (readonly [string, ComponentChildren])[] = [
    ...(isCall || state === "error" ? [["State", <State key="state" entry={entry} state={state} />] as const] : []),
    ...(isCall ? [["Took", `${took}${entry.rounds > 1 ? ` in ${entry.rounds} rounds` : ""}`] as const] : []),
    ["Began", `${dayOf(entry.timestamp, Date.now())} ${clock(entry.timestamp)}`.trim()],
    ["Size", bytes(entry.bytes)],
    ["Server", sessions.nameOf(entry.session_id)],
    ["Event", `${shortId(entry.session_id)}/${entry.seq}`],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([term, fact]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      {entry.error_message === undefined ? null : <p class="fault">{marked(entry.error_message)}</p>}
    </>
  );
}

function State({ entry, state }: { entry: LogEntry; state: LogEntry["state"] }) {
  return (
    <span class={`state ${state}`}>
      {SIGNS[state]} {state}
      {entry.error_type === undefined ? "" : ` (${entry.error_type})`}
    </span>
  );
}

function Message({ event, look, say }: { event: StreamEvent; look: Look; say(text: string): void }) {
  const text = event.message ?? event.text ?? "";
  const parsed = useMemo(
    () => (event.message === undefined ? undefined : parseMessage(event.message)),
    [event.message],
  );
  return (
    <article class={event.error_type === undefined ? "message" : "message failed"}>
      <header>
        <span class="direction" title={event.direction === "request" ? "Client to server" : "Server to client"}>
          {event.direction === "request" ? "→" : "←"}
        </span>
        <h3>{headingOf(event)}</h3>
        <span class="quiet">
          {clock(event.timestamp)} · {bytes(event.bytes)}
        </span>
        {(event.redacted ?? 0) > 0 ? <span class="tag">{event.redacted} masked</span> : null}
        {event.truncated ? <span class="tag">cut</span> : null}
        {text === "" ? null : (
          <button type="button" onClick={() => void copy(text, "Message copied", say)}>
            Copy
          </button>
        )}
      </header>
      {text === "" ? (
        <p class="quiet">Nothing of it was recorded.</p>
      ) : look === "tree" && parsed !== undefined ? (
        <JsonTree value={parsed.value} size={text.length} />
      ) : (
        <pre tabIndex={0} aria-label={headingOf(event)}>
          <LongText text={text} most={RAW_CHARACTERS} />
        </pre>
      )}
    </article>
  );
}

function headingOf({ type, method, continues }: StreamEvent): string {
  switch (type) {
    case "response":
      return continues === undefined
        ? "Answer"
        : continues === "task"
          ? "Answer: a task goes on"
          : "Answer: input needed";
    case "error":
      return "Error";
    case "request":
      return "Request";
    case "notification":
      return method ?? "Notification";
    default:
      return type.replace("_", " ");
  }
}

async function copy(text: string, done: string, say: (text: string) => void): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    say("The browser does not let this page copy");
  }
}

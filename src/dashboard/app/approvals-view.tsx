/** `ApprovalsView`: the calls that wait for a person, what is known of each, and the answers to it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { isWithin, SCOPES, scopeText } from "../../guard/approvals/scope.ts";
import { shortId } from "../../stream/session-id.ts";
import type { ApprovalScope } from "../../stream/verdict.ts";
import type { GivenAnswer, WaitingCall } from "../approvals-form.ts";
import { post } from "./api.ts";
import { marked } from "./json-tree.tsx";
import { Empty } from "./placeholder.tsx";
import { clock, number, plural } from "./text.ts";
import type { KnownApprovals } from "./use-approvals.ts";

interface Props extends KnownApprovals {
  say(text: string): void;
}

/** How long a person needs to see that the list has moved under the pointer. */
const LOOK_MS = 700;

export function ApprovalsView({ waiting, at, fault, refresh, say }: Props) {
  const movedAt = useRef(-LOOK_MS);
  const ids = waiting.map(({ id }) => id).join(" ");
  useEffect(() => {
    movedAt.current = performance.now();
  }, [ids]);
  const isSeen = (): boolean => performance.now() - movedAt.current >= LOOK_MS;
  return (
    <div class="page approvals">
      <div class="bar">
        <h2>{plural(waiting.length, "call waits", "calls wait")} for approval</h2>
        <span class="spring" />
        {fault === undefined ? null : (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
      </div>
      {waiting.length === 0 ? (
        <Empty title="Nothing waits for approval">
          <p>Calls that a policy asks about are here until somebody answers or their time is up.</p>
        </Empty>
      ) : (
        <ul class="waiting" aria-label="Calls that wait">
          {waiting.map((call) => (
            <li key={call.id}>
              <Waiting call={call} at={at} refresh={refresh} say={say} isSeen={isSeen} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface WaitingProps extends Pick<Props, "at" | "refresh" | "say"> {
  call: WaitingCall;
  /** Whether a person can have read what is before them. */
  isSeen(): boolean;
}

function Waiting({ call, at, refresh, say, isSeen }: WaitingProps) {
  const [scope, setScope] = useState<ApprovalScope>("once");
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  const title = call.tool ?? call.method;
  const name = `approval-${call.id}`;

  const answer = async (decision: GivenAnswer["decision"]): Promise<void> => {
    if (!isSeen()) return say("Look first: the list has just changed");
    setBusy(true);
    const given: GivenAnswer = { hash: call.hash, decision, scope };
    if (decision === "deny" && reason.trim() !== "") given.reason = reason.trim();
    try {
      await post(`approvals/${call.id}`, given);
      say(`${decision === "approve" ? "Approved" : "Denied"}: ${title}`);
    } catch (error) {
      say(messageOf(error));
    }
    setBusy(false);
    refresh();
  };

  return (
    <article aria-labelledby={name}>
      <h3 id={name}>
        <code>{title}</code> <span class="quiet">of {call.server}</span>
      </h3>
      <dl>
        <Fact name="Rule" value={call.rule} />
        <Fact name="Reason" value={call.reason} />
        <Fact name="Asked" value={clock(call.asked_at).slice(0, "20:16:25".length)} />
        <Fact name="Left" value={`${left(call, at)}, then it is ${call.default === "pass" ? "let pass" : "blocked"}`} />
        <Fact name="Session" value={call.session === undefined ? "" : shortId(call.session)} />
        <Fact name="SHA-256" value={call.hash} />
      </dl>
      <pre tabIndex={0} role="region" aria-label={`Arguments of ${title}`}>
        {marked(call.shown)}
      </pre>
      {call.cut === undefined ? null : <p class="fault">{number(call.cut)} characters more are not shown</p>}
      <form class="answers" onSubmit={(event) => event.preventDefault()}>
        <label>
          For
          <select value={scope} onChange={({ currentTarget }) => setScope(currentTarget.value as ApprovalScope)}>
            {SCOPES.map((one) => (
              <option key={one} value={one}>
                {scopeText(one)}
                {isWithin(one, call.remember) ? "" : " (deny only)"}
              </option>
            ))}
          </select>
        </label>
        <label class="reason">
          Reason, if denied
          <input
            type="text"
            maxLength={300}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        <span class="spring" />
        <button type="button" disabled={isBusy} onClick={() => void answer("deny")}>
          Deny
        </button>
        <button
          type="button"
          class="approve"
          disabled={isBusy || !isWithin(scope, call.remember)}
          onClick={() => void answer("approve")}
        >
          Approve
        </button>
      </form>
    </article>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (value === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** By the clock of the machine that asks; to the second, as it is looked at again and again. */
function left({ expires_at: ends }: WaitingCall, at: string | undefined): string {
  const seconds = Math.round((Date.parse(ends) - (at === undefined ? Date.now() : Date.parse(at))) / 1000);
  if (seconds <= 0) return "soon";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes}m` : "", hours > 0 ? "" : `${seconds % 60}s`];
  return parts.filter((part) => part !== "").join(" ");
}

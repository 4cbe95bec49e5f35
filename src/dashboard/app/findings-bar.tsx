/** `FindingsBar`: how many findings are open, and what the list is narrowed to. */
import { SEVERITIES } from "../../guard/findings/finding.ts";
import { shortId } from "../../stream/session-id.ts";
import type { Place, ShownFinding } from "../findings-form.ts";
import type { FindingScope, Go, Route } from "./route.ts";
import { Scope } from "./scope.tsx";
import { number, plural } from "./text.ts";

/** A finding where it was found last. */
export interface Located {
  finding: ShownFinding;
  at: Place;
}

interface Props {
  /** Whatever they are narrowed to. */
  all: readonly Located[];
  /** Of those that are shown. */
  open: number;
  accepted: number;
  route: Route;
  go: Go;
}

export function FindingsBar({ all, open, accepted, route: { session, findings: scope }, go }: Props) {
  const change = (part: Partial<FindingScope>): void => go({ findings: { ...scope, ...part } });
  return (
    <div class="bar">
      <h2>{plural(open, "open finding")}</h2>
      {all.length === 0 ? null : (
        <>
          <Choice
            label="Severity"
            all="All severities"
            value={scope.severity}
            options={SEVERITIES.map((one, index) => [one, index === 0 ? one : `${one} or worse`] as const)}
            choose={(value) => change({ severity: SEVERITIES.find((one) => one === value) })}
          />
          <Choice
            label="Server"
            all="All servers"
            value={scope.server}
            options={valuesOf(all, "server")}
            choose={(server) => change({ server })}
          />
          <Choice
            label="Rule"
            all="All rules"
            value={scope.rule}
            options={valuesOf(all, "rule")}
            choose={(rule) => change({ rule })}
          />
          <button
            type="button"
            aria-pressed={scope.showsAccepted}
            onClick={() => change({ showsAccepted: !scope.showsAccepted })}
          >
            Accepted ({number(accepted)})
          </button>
        </>
      )}
      <span class="spring" />
      <Scope all="sessions" one={session && `Session ${shortId(session)}`} leave={() => go({ session: undefined })} />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  all: string;
  value: string | undefined;
  options: readonly (readonly [value: string, text: string])[];
  choose(value: string | undefined): void;
}

function Choice({ label, all, value, options, choose }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={({ currentTarget }) => choose(currentTarget.value || undefined)}
    >
      <option value="">{all}</option>
      {value === undefined || options.some(([one]) => one === value) ? null : <option value={value}>{value}</option>}
      {options.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  );
}

function valuesOf(all: readonly Located[], member: "server" | "rule"): [string, string][] {
  const values = new Set(all.map(({ finding }) => finding[member]));
  return [...values].sort().map((one) => [one, one]);
}

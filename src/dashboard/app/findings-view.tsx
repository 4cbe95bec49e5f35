/** `FindingsView`: what was found in the sessions of this machine, the newest first. */
import { useEffect, useMemo, useState } from "preact/hooks";
import type { ShownFinding } from "../findings-form.ts";
import { FindingItem } from "./finding-item.tsx";
import { FindingsBar, type Located } from "./findings-bar.tsx";
import { isTyped } from "./keys.ts";
import { NoFindings } from "./no-findings.tsx";
import { Failed, Skeleton } from "./placeholder.tsx";
import { ALL_OPEN, type FindingScope, type Go, type Route } from "./route.ts";
import { number } from "./text.ts";
import { badness, isOpen, type KnownFindings } from "./use-findings.ts";

interface Props {
  known: KnownFindings;
  route: Route;
  go: Go;
  say(text: string): void;
}

/** Drawn at once. */
const MOST_SHOWN = 200;
const STEPS: Record<string, number | undefined> = { j: 1, k: -1 };

export function FindingsView({ known: { list, fault, refresh }, route, go, say }: Props) {
  const { session, findings: scope } = route;
  const [most, setMost] = useState(MOST_SHOWN);
  const all = useMemo(() => located(list?.findings ?? [], session), [list, session]);
  const shown = useMemo(() => all.filter((one) => isWithin(one.finding, scope)), [all, scope]);
  // It is drawn anew with every call that comes live, and these may be many.
  const items = useMemo(
    () =>
      shown.slice(0, most).map(({ finding, at }) => (
        <li key={finding.key}>
          <FindingItem finding={finding} at={at} route={route} refresh={refresh} say={say} />
        </li>
      )),
    [shown, most, route, refresh, say],
  );
  useStepKeys();
  if (list === undefined) return fault === undefined ? <Skeleton lines={6} /> : <Failed why={fault} />;
  const accepted = all.filter(({ finding }) => !isOpen(finding)).length;
  const open = shown.filter(({ finding }) => isOpen(finding)).length;
  return (
    <div class="page findings">
      <FindingsBar all={all} open={open} accepted={accepted} route={route} go={go} />
      {[fault, list.fault].map((one) =>
        one === undefined ? null : (
          <p class="note fault" role="alert" key={one}>
            {one}
          </p>
        ),
      )}
      {shown.length === 0 ? (
        <NoFindings all={all.length} accepted={accepted} scope={scope} clear={() => go({ findings: ALL_OPEN })} />
      ) : (
        <ul id="findings" aria-label="Findings">
          {items}
        </ul>
      )}
      {shown.length > most ? (
        <p class="note">
          <button type="button" onClick={() => setMost(most + MOST_SHOWN)}>
            {number(shown.length - most)} more
          </button>
        </p>
      ) : null}
      {list.isCut ? (
        <p class="note quiet">
          These are the newest. <code>km findings list</code> has those of older sessions too.
        </p>
      ) : null}
    </div>
  );
}

/** With the newest place of each, in one session or in all. */
function located(findings: readonly ShownFinding[], session: string | undefined): Located[] {
  const all = findings.flatMap((finding) => {
    const at = finding.found.find((place) => session === undefined || place.session_id === session);
    return at === undefined ? [] : [{ finding, at }];
  });
  return all.sort(({ at: a }, { at: b }) => Date.parse(b.time) - Date.parse(a.time));
}

function isWithin(finding: ShownFinding, { severity, server, rule, showsAccepted }: FindingScope): boolean {
  return (
    (showsAccepted || isOpen(finding)) &&
    (severity === undefined || badness(finding.severity) <= badness(severity)) &&
    (server === undefined || finding.server === server) &&
    (rule === undefined || finding.rule === rule)
  );
}

/** From one finding to the next; what opens it is the browser's. */
function useStepKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const step = STEPS[event.key];
      if (step === undefined || isTyped(event) || document.querySelector("dialog[open]") !== null) return;
      const lines = [...document.querySelectorAll<HTMLElement>("#findings summary")];
      const at = lines.findIndex((line) => line.parentElement?.contains(document.activeElement));
      lines[at < 0 ? 0 : Math.max(0, at + step)]?.focus();
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

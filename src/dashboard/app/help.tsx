/** `Help`: the keys and the filter language, in a dialog. */
import { useEffect, useRef } from "preact/hooks";
import { FILTER_HELP } from "../../stream/filter.ts";

const KEYS: [string[], string][] = [
  [["j", "k"], "Next and previous call or finding; of calls also the arrows"],
  [["Enter"], "Open the call, then its messages"],
  [["Esc"], "Close it"],
  [["e"], "Next error"],
  [["/"], "Filter"],
  [["s"], "Search messages"],
  [["p"], "Pause and resume"],
  [["+", "-", "0"], "In a session: zoom in, out, fit"],
  [["?"], "This help"],
];

/** @param props.views what the digits lead to */
export function Help({ views, close }: { views: readonly string[]; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="help-title"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="help">
        <header>
          <h2 id="help-title">Keys and filter</h2>
          <button type="button" class="icon" onClick={close} aria-label="Close">
            ✕
          </button>
        </header>
        <dl class="keys">
          {[...KEYS, [views.map((_, index) => String(index + 1)), views.join(", ")] as const].map(([keys, what]) => (
            <div key={what}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <h3>The filter language, as in km logs</h3>
        <dl class="terms">
          {FILTER_HELP.map(({ term, description, example }) => (
            <div key={term}>
              <dt>
                <code>{example}</code>
              </dt>
              <dd>{description}</dd>
            </div>
          ))}
        </dl>
      </div>
    </dialog>
  );
}

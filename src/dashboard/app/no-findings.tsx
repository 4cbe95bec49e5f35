/** `NoFindings`: why there is none to show, what findings are, and how to have them. */
import { Empty } from "./placeholder.tsx";
import type { FindingScope } from "./route.ts";

interface Props {
  /** How many there are, whatever they are narrowed to. */
  all: number;
  accepted: number;
  scope: FindingScope;
  clear(): void;
}

export function NoFindings({ all, accepted, scope, clear }: Props) {
  if (all === 0) {
    return (
      <Empty title="Nothing was found">
        <p>
          A finding is something that you should look at: instructions hidden in the definition of a tool, a secret in a
          result, dangerous arguments of a call, a tool that is no longer what it was. The plugin guard looks for them
          in every session:
        </p>
        <pre>km plugins install km-plugin-guard-….kmpkg</pre>
        <p>
          Without it km tells of tools that have changed, where a policy watches them. <code>km scan</code> looks at the
          servers of your clients without a session.
        </p>
      </Empty>
    );
  }
  if (scope.severity === undefined && scope.server === undefined && scope.rule === undefined && accepted === all) {
    return (
      <Empty title="Nothing is open">
        <p>Somebody has accepted all that was found.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing matches">
      <p>Something was found, but nothing like this.</p>
      <button type="button" onClick={clear}>
        Show all that is open
      </button>
    </Empty>
  );
}

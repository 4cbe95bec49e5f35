/**
 * `criticalPath`: the spans that a trace's duration is made of. It goes from the end of the root backwards: the child that ended
 * last was waited for; before it began, the one that ended last before that; and what no child covers is the span's own. Work
 * that its parent did not wait for, or that ran beside a longer one, is not on it.
 */
import { childrenOf, type Span } from "./trace.ts";

export interface PathSection {
  span: Span;
  /** Of the span's own within the path, in microseconds, and how often it was interrupted. */
  ownUs: number;
  sections: number;
}

/** Most own time first. */
export function criticalPath(spans: readonly Span[]): PathSection[] {
  const children = childrenOf(spans);
  // The longest root: others are what was lost of the trace, or followed from it.
  const [root] = (children.get("") ?? []).toSorted((a, b) => b.durationUs - a.durationUs);
  if (root === undefined) return [];
  const own = new Map<Span, PathSection>();
  const add = (span: Span, fromUs: number, toUs: number): void => {
    if (toUs <= fromUs) return;
    const section = own.get(span) ?? { span, ownUs: 0, sections: 0 };
    own.set(span, { span, ownUs: section.ownUs + toUs - fromUs, sections: section.sections + 1 });
  };
  // A stack in place of recursion: traces may be deep.
  const open: { span: Span; fromUs: number; toUs: number }[] = [
    { span: root, fromUs: root.startUs, toUs: root.startUs + root.durationUs },
  ];
  const seen = new Set<Span>([root]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { span, fromUs } = next;
    let toUs = next.toUs;
    // One that goes on after its parent counts up to the parent's end, as clocks differ a little.
    const waitedFor = (children.get(span.id) ?? [])
      .filter((child) => !child.follows && child.startUs < next.toUs && !seen.has(child))
      .map((child) => ({ child, endUs: Math.min(child.startUs + child.durationUs, next.toUs) }))
      .toSorted((a, b) => b.endUs - a.endUs);
    for (const { child, endUs } of waitedFor) {
      if (endUs > toUs || endUs <= fromUs) continue;
      seen.add(child);
      add(span, endUs, toUs);
      toUs = Math.max(child.startUs, fromUs);
      open.push({ span: child, fromUs: toUs, toUs: endUs });
    }
    add(span, fromUs, toUs);
  }
  return [...own.values()].toSorted((a, b) => b.ownUs - a.ownUs);
}

/** `Badge`: how many things there are in a view, beside the link to it. */
import { number } from "./text.ts";

interface Props {
  count: number;
  /** What they are, to whoever has it read out. */
  what: string;
  /** Whether somebody waits for an answer to them. */
  isUrgent?: boolean;
}

export function Badge({ count, what, isUrgent = false }: Props) {
  if (count === 0) return null;
  return (
    <span class={isUrgent ? "badge urgent" : "badge"}>
      {number(count)}
      <span class="unseen"> {what}</span>
    </span>
  );
}

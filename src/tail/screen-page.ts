/** `screenPage`: lines that fill the whole screen and are drawn anew when they change; nobody moves in them. */
import { constants } from "node:os";
import type { Stage, View } from "./on-screen.ts";

export interface ScreenPage extends Pick<View, "onSize" | "onReady" | "onBytes"> {
  /** Shows the lines as they are now. */
  draw(): void;
}

const [CTRL_C, CTRL_Z] = ["\x03", "\x1a"];

/** @param linesFor so many columns; undefined as long as there is nothing to show */
export function screenPage(
  { screen, leave, suspend }: Stage,
  linesFor: (columns: number) => string[] | undefined,
): ScreenPage {
  const draw = (): void => {
    if (!screen.isReady) return;
    const size = screen.size();
    const lines = linesFor(size.columns)
      ?.slice(0, size.rows)
      .map((line) => (Bun.stringWidth(line) > size.columns ? Bun.sliceAnsi(line, 0, size.columns) : line));
    if (lines === undefined) return;
    while (lines.length < size.rows) lines.push("");
    screen.draw({ lines }, size);
  };
  return {
    draw,
    onSize: draw,
    onReady: draw,
    onBytes(bytes) {
      const text = Buffer.from(bytes).toString("latin1");
      if (text.includes(CTRL_C)) leave(128 + constants.signals.SIGINT);
      else if (text.includes("q")) leave(0);
      else if (text.includes(CTRL_Z)) suspend();
    },
  };
}

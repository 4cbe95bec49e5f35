/** `inlineImage`: an image as the characters that show it, in terminals that can. */
import type { Environment } from "../config/paths.ts";

export type ImageProtocol = "kitty" | "iterm2";

/** What the terminal says that it is: to ask it, one would have to read from it. Undefined where none is known. */
export function imageProtocol(env: Environment): ImageProtocol | undefined {
  const { TERM = "", TERM_PROGRAM = "", LC_TERMINAL = "" } = env;
  // These pass on what they know themselves.
  if ((env["TMUX"] ?? "") !== "" || (env["STY"] ?? "") !== "" || TERM === "dumb") return undefined;
  if (TERM === "xterm-kitty" || TERM === "xterm-ghostty" || (env["KITTY_WINDOW_ID"] ?? "") !== "") return "kitty";
  if (TERM_PROGRAM === "ghostty") return "kitty";
  return TERM_PROGRAM === "iTerm.app" || TERM_PROGRAM === "WezTerm" || LC_TERMINAL === "iTerm2" ? "iterm2" : undefined;
}

const CHUNK = 4096;

/** @returns nothing for what the terminal cannot show */
export function inlineImage(bytes: Uint8Array, type: string, protocol: ImageProtocol): string | undefined {
  // Written anew: nothing but base64 may stand in these sequences.
  const base64 = Buffer.from(bytes).toString("base64");
  if (protocol === "iterm2") {
    if (!/^image\/(?:png|jpeg|gif|webp|bmp|tiff)$/.test(type)) return undefined;
    return `\x1b]1337;File=inline=1;preserveAspectRatio=1;size=${bytes.length}:${base64}\x07\n`;
  }
  if (type !== "image/png") return undefined; // the one format that kitty's protocol knows
  let out = "";
  for (let at = 0; at < base64.length; at += CHUNK) {
    const isLast = at + CHUNK >= base64.length;
    const head = at === 0 ? "a=T,f=100,q=2," : "";
    out += `\x1b_G${head}m=${isLast ? 0 : 1};${base64.slice(at, at + CHUNK)}\x1b\\`;
  }
  return `${out}\n`;
}

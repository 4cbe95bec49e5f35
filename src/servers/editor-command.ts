/** `editorCommand`: how the user's editor is started on a file, at a line where it can be told one. */
import { platformPath } from "../platform-path.ts";

const PLUS_LINE = /^(?:n?vim?|vi|nano|pico|emacs|emacsclient|micro|kak|joe|ne|mg)$/;
const FILE_AND_LINE = /^(?:hx|subl|zed)$/;
const GOTO = /^(?:code|code-insiders|codium|cursor|windsurf)$/;

/** @param words what `VISUAL` or `EDITOR` says: a program, with arguments behind it */
export function editorCommand(
  words: string | undefined,
  file: string,
  line: number,
  platform: NodeJS.Platform,
): string[] {
  const usual = platform === "win32" ? "notepad" : "vi";
  const [program = usual, ...args] = wordsOf(words ?? usual);
  const name = platformPath(platform)
    .basename(program)
    .replace(/\.(?:exe|cmd|bat)$/i, "");
  if (PLUS_LINE.test(name)) return [program, ...args, `+${line}`, file];
  if (GOTO.test(name))
    return [program, ...args, ...(args.includes("--wait") ? [] : ["--wait"]), "--goto", `${file}:${line}`];
  if (FILE_AND_LINE.test(name)) return [program, ...args, `${file}:${line}`];
  return [program, ...args, file];
}

/** As a shell parts them, quotes included. */
function wordsOf(text: string): string[] {
  return Array.from(text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g), ([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, "$1$2"),
  );
}

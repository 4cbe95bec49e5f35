/**
 * `windowsPathProblem`: why a path must not be given to Windows: it would mean something else than the file that it seems to name.
 * Short names such as `PROGRA~1` are not among that: the system resolves them, and what it says is checked.
 */
import { win32 } from "node:path";

const DEVICES =
  /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?:\..*|\s*)$/i;

/** @returns what is wrong, as the end of a sentence: "it names a device (CON)"; undefined where nothing is */
export function windowsPathProblem(path: string): string | undefined {
  const plain = path.replaceAll("/", "\\");
  if (/^\\\\[?.]\\/.test(plain) || plain.startsWith("\\??\\"))
    return "it goes past the rules of names (\\\\?\\, \\\\.\\)";
  if (/^[a-z]:(?!\\)/i.test(plain)) return "it depends on the present folder of a drive";
  if (/^\\(?!\\)/.test(plain)) return "it depends on the present drive";
  const { root } = win32.parse(plain);
  for (const name of plain.slice(root.length).split("\\")) {
    const problem = nameProblem(name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function nameProblem(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") return undefined;
  if (name.includes(":")) return "it names a stream within a file (:)";
  if (DEVICES.test(name)) return `it names a device (${name})`;
  if (/[. ]$/.test(name)) return "a name in it ends with a dot or a space, which Windows leaves out";
  // eslint-disable-next-line no-control-regex -- Windows has none in names
  return /[<>"|?*\u0000-\u001f]/.test(name)
    ? "a name in it has a character that Windows does not have in names"
    : undefined;
}

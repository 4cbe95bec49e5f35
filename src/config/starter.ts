/** `starterConfig`: a configuration file that changes nothing: every key with its meaning and its default, commented out. */
import { formatValue } from "./format.ts";
import { KEY_WORDS } from "./key-words.ts";
import { defaultConfig, getValue, type Key, KEYS } from "./keys.ts";

const HEAD = `# Configuration of km. Each key stands here with its default: take away the # in front of what you want to change.
# What is in force, and where it comes from: km config show --origin. All about it: km help configuration.
`;

/** Groups stand there as they are, so that one # less makes a key count. */
export function starterConfig(): string {
  const defaults = defaultConfig();
  let text = HEAD;
  let before: string[] = [];
  for (const [key, { variable }] of KEYS) {
    const path = key.split(".");
    const groups = path.slice(0, -1);
    const shared = groups.findIndex((group, depth) => group !== before[depth]);
    const fresh = groups.slice(shared < 0 ? groups.length : shared);
    if (fresh.length === groups.length) text += "\n"; // a new group of the first level, or none
    for (const [index, group] of fresh.entries())
      text += `${"  ".repeat(groups.length - fresh.length + index)}${group}:\n`;
    const indent = "  ".repeat(groups.length);
    const also = variable === undefined ? "" : ` (${variable})`;
    text += `${indent}# ${KEY_WORDS[key]}${also}\n${indent}# ${path.at(-1)}: ${valueOf(key, getValue(defaults, key))}\n`;
    before = groups;
  }
  return text;
}

function valueOf(key: Key, value: unknown): string {
  const text = formatValue(key, value);
  return text === "" ? '""' : text;
}

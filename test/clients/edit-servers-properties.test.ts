/** Wrapping and unwrapping of generated configurations, in every layout that users come up with. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Change, editServers } from "../../src/clients/edit-servers.ts";
import { readServers } from "../../src/clients/read-servers.ts";
import type { Shape } from "../../src/clients/shape.ts";

const KM = "/opt/km dir/km";
const wrap: Change = { kind: "wrap", km: KM };
const unwrap: Change = { kind: "unwrap" };

interface Server {
  name: string;
  program: string;
  args: string[] | undefined;
  others: [string, string][];
  argsFirst: boolean;
}

/** Gives numbers below a bound, the same ones for the same layout. */
type Pick = (bound: number) => number;

const word = fc.oneof(
  fc.constantFrom(
    "npx",
    "-y",
    "--",
    "@scope/server",
    "C:\\x\\y.exe",
    "it's",
    'say "x"',
    "a: b",
    "#x",
    "true",
    "é😀",
    "[",
    "",
  ),
  fc.string({ unit: "grapheme", maxLength: 8 }).filter((text) => !/[\0\u{feff}]/u.test(text)),
);
const server: fc.Arbitrary<Server> = fc.record({
  name: fc.oneof(
    fc.constantFrom("files", "-x", "--", "a b", "ü", "a.b", '"q"'),
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 6 }),
  ),
  program: word.filter((text) => text !== "" && !/(?:^|[\\/])km(?:\.exe)?$/i.test(text)),
  args: fc.option(fc.array(word, { maxLength: 4 }), { nil: undefined }),
  others: fc.uniqueArray(fc.tuple(fc.constantFrom("env", "cwd", "alwaysAllow", "x-y"), word), {
    selector: ([name]) => name,
  }),
  argsFirst: fc.boolean(),
});
const servers = fc.uniqueArray(server, { selector: ({ name }) => name, maxLength: 4 });
const layout = fc.array(fc.nat(), { minLength: 60, maxLength: 60 });

function picker(numbers: number[]): Pick {
  let index = 0;
  return (bound) => (numbers[index++ % numbers.length] ?? 0) % bound;
}

function membersOf({ program, args, others, argsFirst }: Server): [string, string | string[]][] {
  const command: [string, string | string[]][] = [["command", program]];
  if (args !== undefined) command.splice(argsFirst ? 0 : 1, 0, ["args", args]);
  return [...others.slice(0, 1), ...command, ...others.slice(1)];
}

interface Format {
  title: string;
  shape: Shape;
  render(servers: Server[], pick: Pick): string;
  /** Not the parser that edits. */
  parse(text: string): unknown;
}

function renderJson(found: Server[], pick: Pick): string {
  const gap = () => ["", " ", "\n", "\n    ", "\t", " /* c, [ */ ", ' // " c\n  ', "\n\n"][pick(8)] ?? "";
  const list = (open: string, items: string[], close: string) => {
    const joined = items.map((item) => `${gap()}${item}${gap()}`).join(",");
    return `${open}${joined}${items.length > 0 && pick(3) === 0 ? `,${gap()}` : gap()}${close}`;
  };
  const text = (value: string) => (pick(4) === 0 ? escaped(value) : JSON.stringify(value));
  const value = (one: string | string[]) => (Array.isArray(one) ? list("[", one.map(text), "]") : text(one));
  const object = (members: [string, string][]) =>
    list(
      "{",
      members.map(([name, member]) => `${text(name)}${gap()}:${gap()}${member}`),
      "}",
    );
  const entries = found.map((one): [string, string] => [
    one.name,
    object(membersOf(one).map(([name, member]): [string, string] => [name, value(member)])),
  ]);
  return `${gap()}${object([
    ["theme", "1.50"],
    ["mcpServers", object(entries)],
    ["z", "[null, true]"],
  ])}${gap()}`;
}

function escaped(value: string): string {
  const units = Array.from({ length: value.length }, (_, index) => value.charCodeAt(index));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
}

function renderToml(found: Server[], pick: Pick): string {
  const literal = (value: string) => (pick(2) === 0 && !/['\p{Cc}]/u.test(value) ? `'${value}'` : basic(value));
  const gap = () => ["", " ", "\n", "\n  ", " # c ]\n", "\n\n"][pick(6)] ?? "";
  const array = (items: string[], flat: boolean) => {
    const space = flat ? () => " " : gap;
    const joined = items.map((item) => `${space()}${literal(item)}${space()}`).join(",");
    return `[${joined}${items.length > 0 && pick(3) === 0 ? "," : ""}${space()}]`;
  };
  const value = (one: string | string[], flat: boolean) => (Array.isArray(one) ? array(one, flat) : literal(one));
  const lines = found.map((one) => {
    const key = literal(one.name);
    const members = membersOf(one);
    if (pick(4) === 0) {
      return {
        top: `mcp_servers.${key} = { ${members.map(([name, member]) => `${name} = ${value(member, true)}`).join(", ")} }`,
      };
    }
    if (pick(4) === 0)
      return {
        top: members.map(([name, member]) => `mcp_servers.${key}.${name} = ${value(member, false)}`).join("\n"),
      };
    const indent = " ".repeat(pick(3));
    const body = members.map(
      ([name, member]) =>
        `${indent}${name}${" ".repeat(pick(2))}= ${value(member, false)}${pick(2) === 0 ? " # c" : ""}`,
    );
    return { table: [`# mine\n[mcp_servers.${key}]`, ...body, `[mcp_servers.${key}.tools]\nn = 1.50`].join("\n") };
  });
  const top = lines.flatMap((line) => line.top ?? []);
  const tables = lines.flatMap((line) => line.table ?? []);
  return ["model = 'x' # c", ...top, ...tables, "[z]\nd = 2020-01-01"].join("\n") + (pick(2) === 0 ? "\n" : "");
}

function basic(value: string): string {
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}

function renderYaml(found: Server[], pick: Pick): string {
  const quoted = (value: string) => {
    if (/^[a-z][a-z/]*$/.test(value) && value !== "true" && pick(2) === 0) return value;
    const single = pick(2) === 0 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value);
    return single
      ? `'${value.replaceAll("'", "''")}'`
      : JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029]/g, escaped1);
  };
  const comment = () => [" # c", "", ""][pick(3)] ?? "";
  const args = (items: string[], indent: string) => {
    if (items.length === 0 || pick(2) === 0) {
      const separator = [", ", ",", `,\n${indent}  `][pick(3)] ?? ", ";
      return ` [${items.map(quoted).join(separator)}${items.length > 0 && pick(3) === 0 ? "," : ""}]${comment()}`;
    }
    const deeper = indent + " ".repeat(pick(3));
    const dash = `-${" ".repeat(1 + pick(3))}`;
    return `${comment()}${items.map((item) => `\n${deeper}${dash}${quoted(item)}${comment()}`).join("")}`;
  };
  const entries = found.map((one) => {
    const indent = `   `;
    const members: [string, string | string[]][] = [["name", one.name], ...membersOf(one)];
    const lines = members.map(([name, member]) =>
      Array.isArray(member) ? `${name}:${args(member, indent)}` : `${name}: ${quoted(member)}${comment()}`,
    );
    if (one.args === undefined && pick(3) === 0) lines.push("args:");
    return ` - ${lines.join(`\n${indent}`)}\n`;
  });
  const list = entries.length === 0 ? " []\n" : `\n${entries.join(pick(2) === 0 ? "\n" : "   # next\n")}`;
  return `# mine\nname: x\nmcpServers:${comment()}${list}z: {a: [1.50, ~]} # end${pick(2) === 0 ? "\n" : ""}`;
}

function escaped1(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const formats: Format[] = [
  {
    title: "JSON",
    shape: { format: "json", servers: [["mcpServers"]], command: "command", args: "args" },
    render: renderJson,
    parse: (text) => Bun.JSONC.parse(text),
  },
  {
    title: "TOML",
    shape: { format: "toml", servers: [["mcp_servers"]], command: "command", args: "args" },
    render: renderToml,
    parse: (text) => Bun.TOML.parse(text),
  },
  {
    title: "YAML",
    shape: { format: "yaml", servers: [["mcpServers"]], list: true, command: "command", args: "args" },
    render: renderYaml,
    parse: (text) => Bun.YAML.parse(text),
  },
];

describe.each(formats)("any $title", ({ shape, render, parse }) => {
  const texts = fc.tuple(servers, layout, fc.boolean(), fc.boolean()).map(([found, numbers, crlf, mark]) => {
    const text = render(found, picker(numbers));
    return { found, text: (mark ? "\u{feff}" : "") + (crlf ? text.replaceAll("\n", "\r\n") : text) };
  });
  const check = (property: (found: Server[], text: string) => void) =>
    fc.assert(
      fc.property(texts, ({ found, text }) => property(found, text)),
      { numRuns: 120 },
    );

  test("reads as it was written", () => {
    check((found, text) => {
      const expected = found.map(({ name, program, args = [] }) => ({ name, command: [program, ...args] }));
      const read = readServers(text, shape).map(({ name, command }) => ({ name, command }));
      expect(read.toSorted(byName)).toEqual(expected.toSorted(byName));
    });
  });

  test("wrapped differs in the commands alone, as another parser reads it", () => {
    check((found, text) => {
      const { text: wrapped, refused, changed } = editServers(text, shape, wrap);
      expect(refused).toEqual([]);
      expect(changed).toHaveLength(found.length);
      const expected = plain(parse(withoutMark(text))) as Record<string, Record<string, Entry> | Entry[]>;
      const entries = expected["mcpServers"] ?? expected["mcp_servers"] ?? {};
      for (const [key, entry] of Object.entries<Entry>(entries as Record<string, Entry>)) {
        const name = entry.name ?? key;
        entry.args = [
          "monitor",
          ...(name.startsWith("-") ? [`--name=${name}`] : ["--name", name]),
          "--",
          entry.command,
          ...(entry.args ?? []),
        ];
        entry.command = KM;
      }
      expect(plain(parse(withoutMark(wrapped)))).toEqual(expected);
    });
  });

  test("wrapped twice is as wrapped once, and unwrapped the same bytes again", () => {
    check((_, text) => {
      const once = editServers(text, shape, wrap);
      expect(editServers(once.text, shape, wrap)).toEqual({ text: once.text, changed: [], refused: [], marks: [] });
      expect(editServers(once.text, shape, unwrap, once.marks).text).toBe(text);
    });
  });

  test("unwrapped without the journal has its commands again", () => {
    check((_, text) => {
      const once = editServers(text, shape, wrap);
      const { text: unwrapped, refused } = editServers(once.text, shape, unwrap);
      expect(refused).toEqual([]);
      expect(readServers(unwrapped, shape)).toEqual(readServers(text, shape));
    });
  });

  test("with a comment put in front of it meanwhile keeps the comment", () => {
    check((_, text) => {
      const comment = shape.format === "json" ? "// new\n" : "# new\n";
      const mark = text.startsWith("\u{feff}") ? "\u{feff}" : "";
      const put = (before: string) => mark + comment + withoutMark(before);
      const once = editServers(text, shape, wrap);
      expect(editServers(put(once.text), shape, unwrap, once.marks).text).toBe(put(text));
    });
  });
});

interface Entry {
  name?: string;
  command: string;
  args?: string[];
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

function withoutMark(text: string): string {
  return text.startsWith("\u{feff}") ? text.slice(1) : text;
}

/** Dates and what else has no copy in JSON, as texts. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

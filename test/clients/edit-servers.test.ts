/** What wrapping and unwrapping do to the texts of configuration files: the commands of the servers, and nothing else. */
import { describe, expect, test } from "bun:test";
import { type Change, editServers } from "../../src/clients/edit-servers.ts";
import { readServers } from "../../src/clients/read-servers.ts";
import type { Shape } from "../../src/clients/shape.ts";

const KM = "/opt/km";
const json: Shape = { format: "json", servers: [["mcpServers"]], command: "command", args: "args" };
const toml: Shape = { format: "toml", servers: [["mcp_servers"]], command: "command", args: "args" };
const goose: Shape = { format: "yaml", servers: [["extensions"]], command: "cmd", args: "args" };
const continues: Shape = { format: "yaml", servers: [["mcpServers"]], list: true, command: "command", args: "args" };
const opencode: Shape = { format: "json", servers: [["mcp"], ["mcp", "servers"]], command: "command" };
const zed: Shape = { ...json, servers: [["context_servers"]] };

const wrap: Change = { kind: "wrap", km: KM };
const unwrap: Change = { kind: "unwrap" };

/** As in the brief of a table: before, what wrapping makes of it. */
const cases: [title: string, shape: Shape, before: string, after: string][] = [
  [
    "arguments on one line",
    json,
    '{"mcpServers": {"files": {"command": "npx", "args": ["-y", "x"], "env": {"A": "1"}}}}',
    '{"mcpServers": {"files": {"command": "/opt/km", "args": ["monitor", "--name", "files", "--", "npx", "-y", "x"], "env": {"A": "1"}}}}',
  ],
  [
    "arguments without blanks",
    json,
    '{"mcpServers":{"a":{"command":"npx","args":["-y","x"]}}}',
    '{"mcpServers":{"a":{"command":"/opt/km","args":["monitor","--name","a","--","npx","-y","x"]}}}',
  ],
  [
    "arguments a line each, with comments and a trailing comma",
    json,
    '{\r\n\t"mcpServers": { // mine\r\n\t\t"a": {\r\n\t\t\t"args": [\r\n\t\t\t\t// yes\r\n\t\t\t\t"-y", // y\r\n\t\t\t\t"x",\r\n\t\t\t],\r\n\t\t\t"command": "npx",\r\n\t\t},\r\n\t},\r\n}\r\n',
    '{\r\n\t"mcpServers": { // mine\r\n\t\t"a": {\r\n\t\t\t"args": [\r\n\t\t\t\t// yes\r\n\t\t\t\t"monitor",\r\n\t\t\t\t"--name",\r\n\t\t\t\t"a",\r\n\t\t\t\t"--",\r\n\t\t\t\t"npx",\r\n\t\t\t\t"-y", // y\r\n\t\t\t\t"x",\r\n\t\t\t],\r\n\t\t\t"command": "/opt/km",\r\n\t\t},\r\n\t},\r\n}\r\n',
  ],
  [
    "no arguments",
    json,
    '{\n  "mcpServers": {\n    "a": {\n      "command": "srv",\n      "env": {}\n    }\n  }\n}\n',
    '{\n  "mcpServers": {\n    "a": {\n      "command": "/opt/km",\n      "args": ["monitor", "--name", "a", "--", "srv"],\n      "env": {}\n    }\n  }\n}\n',
  ],
  [
    "null for arguments",
    json,
    '{"mcpServers": {"a": {"command": "srv", "args": null}}}',
    '{"mcpServers": {"a": {"command": "/opt/km", "args": ["monitor", "--name", "a", "--", "srv"]}}}',
  ],
  [
    "no argument in the list",
    json,
    '{"mcpServers": {"a": {"command": "srv", "args": [ ]}}}',
    '{"mcpServers": {"a": {"command": "/opt/km", "args": ["monitor", "--name", "a", "--", "srv" ]}}}',
  ],
  [
    "escapes in names and programs, which stay as they are",
    json,
    '{"mcpServers": {"\\u00e4\\ud83d\\ude00": {"command": "C:\\u005cx\\/y", "args": ["z"]}}}',
    '{"mcpServers": {"\\u00e4\\ud83d\\ude00": {"command": "/opt/km", "args": ["monitor", "--name", "ä😀", "--", "C:\\u005cx\\/y", "z"]}}}',
  ],
  [
    "names that look like flags",
    json,
    '{"mcpServers": {"--": {"command": "s", "args": ["z"]}, "": {"command": "s", "args": ["z"]}}}',
    '{"mcpServers": {"--": {"command": "/opt/km", "args": ["monitor", "--name=--", "--", "s", "z"]}, "": {"command": "/opt/km", "args": ["monitor", "--", "s", "z"]}}}',
  ],
  [
    "a name that stands twice, of which the last counts",
    json,
    '{"mcpServers": {"a": {"command": "old"}, "a": {"command": "x", "command": "s", "args": ["z"]}}}',
    '{"mcpServers": {"a": {"command": "old"}, "a": {"command": "x", "command": "/opt/km", "args": ["monitor", "--name", "a", "--", "s", "z"]}}}',
  ],
  [
    "a byte order mark",
    json,
    '\u{feff}{"mcpServers": {"a": {"command": "s", "args": ["z"]}}}',
    '\u{feff}{"mcpServers": {"a": {"command": "/opt/km", "args": ["monitor", "--name", "a", "--", "s", "z"]}}}',
  ],
  [
    "Zed's older form",
    zed,
    '{"context_servers": {"a": {"command": {"path": "npx", "args": ["-y"], "env": null}, "settings": {}}}}',
    '{"context_servers": {"a": {"command": {"path": "/opt/km", "args": ["monitor", "--name", "a", "--", "npx", "-y"], "env": null}, "settings": {}}}}',
  ],
  [
    "opencode's one array, in both versions",
    opencode,
    '{"mcp": {"a": {"type": "local", "command": ["npx", "-y"], "environment": {}}, "servers": {"b": {"command": ["s"]}}}}',
    '{"mcp": {"a": {"type": "local", "command": ["/opt/km", "monitor", "--name", "a", "--", "npx", "-y"], "environment": {}}, "servers": {"b": {"command": ["/opt/km", "monitor", "--name", "b", "--", "s"]}}}}',
  ],
  [
    "TOML's tables",
    toml,
    "# mine\nmodel = 'x'\n[mcp_servers.files] # c\ncommand = 'npx' # d\nargs = [ # e\n  '-y', # f\n  \"x\",\n]\n\n[mcp_servers.files.env]\nA = 'b'\n",
    "# mine\nmodel = 'x'\n[mcp_servers.files] # c\ncommand = '/opt/km' # d\nargs = [ # e\n  'monitor',\n  '--name',\n  'files',\n  '--',\n  'npx',\n  '-y', # f\n  \"x\",\n]\n\n[mcp_servers.files.env]\nA = 'b'\n",
  ],
  [
    "TOML's dotted keys, inline tables and quoted keys",
    toml,
    'mcp_servers.a.command = "s"\nmcp_servers."b c" = { command = "t" }\n',
    'mcp_servers.a.command = "/opt/km"\nmcp_servers.a.args = ["monitor", "--name", "a", "--", "s"]\nmcp_servers."b c" = { command = "/opt/km", args = ["monitor", "--name", "b c", "--", "t"] }\n',
  ],
  [
    "YAML's block and flow lists",
    goose,
    "extensions: # c\n  a:\n    cmd: npx # d\n    args: # e\n    - -y # f\n    -   x\n    envs: {}\n  b: {cmd: 'it''s', args: [\"z\"]}\n",
    'extensions: # c\n  a:\n    cmd: /opt/km # d\n    args: # e\n    - monitor\n    - "--name"\n    - a\n    - "--"\n    - npx\n    - -y # f\n    -   x\n    envs: {}\n  b: {cmd: \'/opt/km\', args: ["monitor", "--name", "b", "--", \'it\'\'s\', "z"]}\n',
  ],
  [
    "YAML's folded texts, empty values and tags",
    goose,
    "extensions:\n  a:\n    cmd: >-\n      my\n      srv\n    args:\n    x: 1\n  b:\n    cmd: !!str srv\n    args: [!!str y]\n",
    'extensions:\n  a:\n    cmd: /opt/km\n    args: [monitor, "--name", a, "--", "my srv"]\n    x: 1\n  b:\n    cmd: !!str /opt/km\n    args: [monitor, "--name", b, "--", srv, !!str y]\n',
  ],
  [
    "YAML's empty values with comments",
    goose,
    "x: &x {n: {cmd: y}}\nextensions:\n  <<: *x\n  a:\n    cmd: npx # d\n    args: # e\n    # f\n    envs: {}\n",
    'x: &x {n: {cmd: y}}\nextensions:\n  <<: *x\n  a:\n    cmd: /opt/km # d\n    args: [monitor, "--name", a, "--", npx] # e\n    # f\n    envs: {}\n',
  ],
  [
    "Continue's list",
    continues,
    'mcpServers:\n  - command: npx\n    name: One\n    args:\n      - "-y"\n  - name: Two\n    command: srv\n---\nb: 1\n',
    'mcpServers:\n  - command: /opt/km\n    name: One\n    args:\n      - "monitor"\n      - "--name"\n      - "One"\n      - "--"\n      - npx\n      - "-y"\n  - name: Two\n    command: /opt/km\n    args: [monitor, "--name", Two, "--", srv]\n---\nb: 1\n',
  ],
  [
    "YAML that is written as JSON",
    goose,
    '{"extensions": {"a": {"cmd": "npx"}, "b": {\'cmd\': c}}}\n',
    '{"extensions": {"a": {"cmd": "/opt/km", "args": ["monitor", "--name", "a", "--", "npx"]}, "b": {\'cmd\': /opt/km, "args": [monitor, "--name", b, "--", c]}}}\n',
  ],
  [
    "an alias for a program, and an anchor on an argument",
    goose,
    "n: &npx npx\nextensions:\n  a:\n    cmd: *npx\n    args: [&p pkg, *p]\n  b:\n    cmd: x\n    args:\n      - &q !!str y\n      - *q\n",
    'n: &npx npx\nextensions:\n  a:\n    cmd: /opt/km\n    args: [monitor, "--name", a, "--", npx, &p pkg, *p]\n  b:\n    cmd: /opt/km\n    args:\n      - monitor\n      - "--name"\n      - b\n      - "--"\n      - x\n      - &q !!str y\n      - *q\n',
  ],
];

describe("wrapping", () => {
  test.each(cases)("%s", (_, shape, before, after) => {
    const wrapped = editServers(before, shape, wrap);
    expect(wrapped.text).toBe(after);
    expect(wrapped.refused).toEqual([]);
    expect(editServers(after, shape, wrap).changed).toEqual([]);
  });

  test.each(cases)("and unwrapping with its marks gives back %s", (_, shape, before) => {
    const wrapped = editServers(before, shape, wrap);
    expect(editServers(wrapped.text, shape, unwrap, wrapped.marks).text).toBe(before);
  });

  test.each(cases)("and unwrapping from the text alone gives the commands back: %s", (_, shape, before, after) => {
    const { text, refused } = editServers(after, shape, unwrap);
    expect(refused).toEqual([]);
    expect(readServers(text, shape)).toEqual(readServers(before, shape));
  });

  test.each(cases)("and pointing to another km keeps the marks: %s", (_, shape, before) => {
    const wrapped = editServers(before, shape, wrap);
    const moved = editServers(wrapped.text, shape, { kind: "repoint", km: "/new place/km" }, wrapped.marks);
    expect(readServers(moved.text, shape).every((one) => one.wrapped?.km === "/new place/km")).toBe(
      readServers(before, shape).every((one) => one.kind === "stdio"),
    );
    expect(editServers(moved.text, shape, unwrap, moved.marks).text).toBe(before);
  });

  test("only the servers named", () => {
    const text = '{"mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}}';
    const { changed } = editServers(text, json, { ...wrap, servers: ["b", "c"] });
    expect(changed.map(({ name }) => name)).toEqual(["b"]);
  });
});

describe("refused, with the others changed", () => {
  const free = {
    format: "yaml",
    before: "  z: {cmd: z}\n",
    after: `  z: {cmd: ${KM}, args: [monitor, "--name", z, "--", z]}\n`,
  };
  test.each([
    ["an alias for the arguments", "x: &x [y]\nextensions:\n  a: {cmd: c, args: *x}\n", "the alias *x"],
    [
      "arguments with an alias elsewhere",
      "extensions:\n  a: {cmd: c, args: &x [y]}\n  r: {url: u, b: *x}\n",
      "the anchor &x",
    ],
    ["a program with an alias elsewhere", "extensions:\n  a: {cmd: &x c}\n  r: {url: u, b: *x}\n", "the anchor &x"],
    ["an alias for the server", "x: &x {cmd: c}\nextensions:\n  a: *x\n", "the alias *x"],
    ["a server with an alias elsewhere", "extensions:\n  a: &x {cmd: c}\n  r: {url: u, b: *x}\n", "the anchor &x"],
    ["a program from a merge key", "x: &x {cmd: c}\nextensions:\n  a: {<<: *x, args: [y]}\n", "merge key"],
    ["arguments from a merge key", "x: &x {args: [y]}\nextensions:\n  a: {<<: *x, cmd: c}\n", "merge key"],
    [
      "a variable that km would take for itself",
      "extensions:\n  a: {cmd: c, envs: {X: y, BUN_OPTIONS: --smol, BUN_BE_BUN: 1}}\n",
      "its env sets BUN_BE_BUN and BUN_OPTIONS, which km would take for itself",
    ],
    ["an argument that is a number", "extensions:\n  a: {cmd: c, args: [-p, 80]}\n", "argument 2 is not a text"],
    ["arguments that are a text", "extensions:\n  a: {cmd: c, args: -y}\n", "not a list"],
  ])("%s", (_, before, reason) => {
    const { text, refused, changed } = editServers(before + free.before, goose, wrap);
    expect(refused).toEqual([{ name: "a", reason: expect.stringContaining(reason) }]);
    expect(changed.map(({ name }) => name)).toEqual(["z"]);
    expect(text).toBe(before + free.after);
  });
});

describe("a text that two servers share", () => {
  const before = "extensions:\n  a: {cmd: &x c}\n  b: {cmd: *x, args: [y]}\n  z: {cmd: z}\n";

  test("is replaced in neither, also the second time", () => {
    const first = editServers(before, goose, wrap);
    expect(first.refused.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(first.changed.map(({ name }) => name)).toEqual(["z"]);
    const second = editServers(first.text, goose, wrap);
    expect(second.refused).toEqual(first.refused);
    expect(second.text).toBe(first.text);
  });
});

test("a mark that says something else spoils nothing, for its own server neither", () => {
  const names = Array.from({ length: 9 }, (_, index) => `s${index}`);
  const before = JSON.stringify({ mcpServers: Object.fromEntries(names.map((name) => [name, { command: "npx" }])) });
  const { text, marks } = editServers(before, json, wrap);
  const wrong = marks.map((mark) => (mark.name === "s4" ? { ...mark, before: '"command":"other"' } : mark));
  const edited = editServers(text, json, unwrap, wrong);
  expect(edited.changed.map(({ name }) => name)).toEqual(names);
  expect(JSON.parse(edited.text)).toMatchObject(JSON.parse(before));
});

describe("flags of km that make the server another one", () => {
  test.each([
    ["--env", "A=1"],
    ["--env=A=1"],
    ["-eA=1"],
    ["--env-file", ".env"],
    ["--cwd", "/usr"],
    ["--debug-replay", "f"],
  ])("%s %s: not taken away, and the others are", (...flags) => {
    const args = JSON.stringify(["monitor", "--name", "a", ...flags, "--", "x", "--cwd", "y"]);
    const text = (other: string) =>
      `{"mcpServers": {"a": {"command": "km", "args": ${args}}, "b": {"command": ${other}}}}`;
    const edited = editServers(text('"km", "args": ["monitor", "--", "x", "-e"]'), json, unwrap);
    expect(edited.text).toBe(text('"x", "args": ["-e"]'));
    const flag = /^--?[a-z]-?[a-z]*/.exec(flags[0] ?? "")?.[0] ?? "";
    expect(edited.refused).toEqual([{ name: "a", reason: expect.stringContaining(flag.slice(0, 2)) }]);
  });
});

describe("km itself as a server", () => {
  test.each([["monitor", "--debug-replay", "f"], ["logs"], []])("is left alone: %p", (...args) => {
    const text = JSON.stringify({ mcpServers: { a: { command: "/opt/km", args } } });
    expect(editServers(text, json, wrap)).toMatchObject({ text, changed: [], refused: [] });
    expect(editServers(text, json, unwrap)).toMatchObject({ text, changed: [], refused: [] });
  });
});

describe("what is there already by hand", () => {
  test.each([
    ['"/x/km", "args": ["monitor", "--", "npx", "-y"]', '"npx", "args": ["-y"]'],
    ['"C:\\\\km.EXE", "args": ["--debug", "monitor", "--payloads", "off", "--", "npx"]', '"npx", "args": []'],
    ['"km", "args": ["monitor" /* a, "b" */, "--", // c\n "npx", "-y",]', '"npx", "args": [/* a, "b" */\n// c\n"-y",]'],
    ['"km", "args": [\n"monitor",\n"--",\n"npx",\n]', '"npx", "args": []'],
  ])("is recognised and can be taken away: %s", (command, plain) => {
    const text = (inner: string) => `{"mcpServers": {"a": {"command": ${inner}}}}`;
    expect(editServers(text(command), json, wrap).changed).toEqual([]);
    const edited = editServers(text(command), json, unwrap);
    expect(edited.text.replaceAll(/\n +/g, "\n")).toBe(text(plain));
    expect(edited.changed.map(({ name }) => name)).toEqual(["a"]);
  });

  test.each([
    '"km", "args": ["monitor", "npx"]',
    '"km", "args": ["monitor", "--"]',
    '"km", "args": ["logs", "monitor", "--", "x"]',
    '"kmx", "args": ["monitor", "--", "x"]',
  ])("is another thing: %s", (command) => {
    expect(readServers(`{"mcpServers": {"a": {"command": ${command}}}}`, json)[0]?.wrapped).toBeUndefined();
  });

  test("in a block list without further arguments leaves an empty one", () => {
    const text = "extensions:\n  a:\n    cmd: km\n    args:\n    - monitor # m\n    - --\n    - srv\n  b: 1\n";
    expect(editServers(text, goose, unwrap).text).toBe(
      "extensions:\n  a:\n    cmd: srv\n    args:\n      []\n  b: 1\n",
    );
  });
});

describe("readServers", () => {
  test.each([
    ["", []],
    ["// nothing", []],
    ["{}", []],
    ["[]", []],
    ['{"mcpServers": null}', []],
    [
      '{"mcpServers": {"a": 1, "b": {"url": "https://x"}, "c": {}, "d": {"command": "x", "disabled": true}}}',
      ["remote", "incomplete", "stdio"],
    ],
    [
      '{"mcpServers": {"a": {"type": "sse", "command": "x", "url": "u"}, "__proto__": {"command": "x"}}}',
      ["remote", "stdio"],
    ],
  ])("%s", (text, kinds) => {
    expect(readServers(text, json).map(({ kind }) => kind)).toEqual(kinds as ["stdio"]);
  });

  test("leaves out what is part of the client", () => {
    const text =
      "extensions:\n  developer: {type: builtin, enabled: true}\n  a: {type: stdio, cmd: x, enabled: false}\n";
    expect(readServers(text, goose)).toMatchObject([
      { name: "a", disabled: true, command: ["x"], path: ["extensions", "a"] },
    ]);
  });

  test.each([
    [json, '{\n  "a": 1,,\n}', "line 2, column 10"],
    [json, '\u{feff}{"a": "b}', "line 1, column 7"],
    [goose, "a: [1\nb: 2\n", "line 2"],
    [goose, "a: 1\nb: *x\n", "line 2, column 4: no anchor &x"],
    [toml, "a = 1\na = 2\n", "line 2, column 1"],
    [json, "[".repeat(1_000_000), "it is nested too deep"],
  ])("says where a text is wrong", (shape, text, where) => {
    expect(() => readServers(text, shape, "f.json")).toThrow(expect.objectContaining({ code: "CLT_002" }));
    expect(() => readServers(text, shape, "f.json")).toThrow(`Cannot read f.json: ${where}`);
  });

  test("ends with an alias bomb", () => {
    const levels = Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} {x: *a${i}, y: *a${i}, <<: *a${i}}\n`);
    const text = `a0: &a0 {x: 1}\n${levels.join("")}extensions:\n  s: {cmd: x}\n`;
    expect(editServers(text, goose, wrap).changed).toHaveLength(1);
  });
});

/** What a rule may ask of arguments: each condition where it is met, where it is not, and where that cannot be told. */
import { describe, expect, test } from "bun:test";
import { BASE, call, engineOf, isMet, outcome } from "./engine-of.ts";

const MET = true;
const NOT = false;
const UNCLEAR = "unclear";

type Case = [condition: string, args: unknown, met: boolean | "unclear"];

const CASES: Record<string, Case[]> = {
  "equals takes the value itself": [
    ["{ env: prod }", { env: "prod" }, MET],
    ["{ env: prod }", { env: "dev" }, NOT],
    ["{ env: prod }", {}, NOT],
    ["{ env: { equals: 5 } }", { env: 5 }, MET],
    ["{ env: { equals: 5 } }", { env: 5.0 }, MET],
    ["{ env: { equals: 5 } }", { env: "5" }, UNCLEAR],
    ["{ env: { equals: true } }", { env: "true" }, UNCLEAR],
    ["{ env: { equals: null } }", { env: null }, NOT],
    ["{ env: prod }", { env: { name: "prod" } }, UNCLEAR],
    ["{ env: prod }", { env: ["dev", "prod"] }, MET],
    ["{ env: prod }", '{"env":"pr\\u006fd"}', MET],
  ],
  "one_of takes any of the list": [
    ["{ env: [prod, stage] }", { env: "stage" }, MET],
    ["{ env: { one_of: [prod, stage] } }", { env: "dev" }, NOT],
  ],
  "matches takes what the expression finds": [
    ["{ sql: { matches: '(?i:drop\\s+table)' } }", { sql: "x; DROP  TABLE y" }, MET],
    ["{ sql: { matches: '^select' } }", { sql: "insert" }, NOT],
    ["{ n: { matches: '^4' } }", { n: 42 }, MET],
    ["{ sql: { matches: 'drop' } }", { sql: "dr\u200bop" }, UNCLEAR],
    ["{ sql: { matches: 'drop' } }", { sql: "d\u00adr\u{e0041}op" }, UNCLEAR],
    ["{ sql: { matches: '\\u200b' } }", { sql: "dr\u200bop" }, MET],
    ["{ sql: { matches: 'drop' } }", { sql: "dr\u200bip" }, NOT],
    ["{ sql: { matches: x } }", { sql: "y".repeat(40_000) }, UNCLEAR],
  ],
  "outside takes paths that lead out, however they are written": [
    ["{ path: { outside: ['${cwd}'] } }", { path: "/etc/passwd" }, MET],
    ["{ path: { outside: ['${cwd}'] } }", { path: "src/a.ts" }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "/home/ada/shop/../.ssh/id" }, MET],
    ["{ path: { outside: ['${cwd}'] } }", { path: "./a/../b//c/." }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "/home/ada/shopping" }, MET],
    ["{ path: { outside: ['${cwd}'] } }", { path: "~/x" }, MET],
    ["{ path: { outside: ['${cwd}', ~/docs] } }", { path: "~/docs/x" }, NOT],
    ["{ path: { outside: [/] } }", { path: "/../../x" }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "file:///home/ada/shop/%2e%2e/%2Essh" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "file:///home/ada/shop/a" }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "file://elsewhere/home/ada/shop/a" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "a\u0000/../../x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "~root/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "$HOME/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: 5 }, UNCLEAR],
    ["{ paths: { outside: ['${cwd}'] } }", { paths: ["a", "/etc"] }, MET],
    ["{ paths: { outside: ['${cwd}'] } }", { paths: [["a"], "b"] }, NOT],
  ],
  "inside takes paths that lead in": [
    ["{ path: { inside: [~/.ssh] } }", { path: "../.ssh/id_rsa" }, MET],
    ["{ path: { inside: [~/.ssh] } }", { path: "~/.ssh" }, MET],
    ["{ path: { inside: [/] } }", { path: "/etc/passwd" }, MET],
    ["{ path: { inside: [/] } }", { path: "etc/../passwd" }, MET],
    ["{ path: { inside: [~/.ssh] } }", { path: ".ssh/id_rsa" }, NOT],
  ],
  "a path is looked at in each form that a server may make of it": [
    ["{ path: { outside: ['${cwd}'] } }", { path: " /etc/passwd" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: '"/etc/passwd"' }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "'..'/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "`/etc/passwd`" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "</etc/passwd>" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "..%2f..%2fetc" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "..%252f..%252fetc" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "a/%2e%2e/%2e%2e/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "a/%ff/%2e%2e/../%2e%2e/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "%22%2fetc%22" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "a/%00/x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "..\\..\\etc" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: ".\\./x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "．．／x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: ".\u200b./x" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: "file:///home/ada/shop/a?/../../../../etc" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: " file:///etc/passwd" }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: `%${"25".repeat(100)}2e%${"25".repeat(100)}2e/x` }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: ' "/etc/passwd' }, UNCLEAR],
    ["{ path: { outside: ['${cwd}'] } }", { path: '"/home/ada/shop/a b.txt"' }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "notes/it's 100%.txt" }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "a%20b/ünï\\code.txt" }, NOT],
    ["{ path: { outside: ['${cwd}'] } }", { path: "file:///home/ada/shop/a%20b" }, NOT],
    ["{ path: { inside: [~/.ssh] } }", { path: " ~/.ssh/id" }, UNCLEAR],
    ["{ path: { inside: [~/.ssh] } }", { path: "~/../../.ssh/id" }, UNCLEAR],
    ["{ path: { inside: [~/.ssh] } }", { path: "file:///../../.ssh/id" }, UNCLEAR],
    ["{ path: { inside: ['~/.s%73h'] } }", { path: "~/.s%73h/id" }, MET],
    ["{ path: { inside: ['~/.s%73h'] } }", { path: "~/.ssh/id" }, MET],
  ],
  "host takes names and ranges, as a URL's reader finds them": [
    ["{ url: { host: '*.example.com' } }", { url: "https://api.example.com:8443/x" }, MET],
    ["{ url: { host: '*.example.com' } }", { url: "https://example.com.evil.net/" }, NOT],
    ["{ url: { host: ['!*.example.com'] } }", { url: "http://evil.net" }, MET],
    ["{ url: { host: '*.example.com' } }", { url: "HTTPS://API.EXAMPLE.COM./" }, MET],
    ["{ url: { host: evil.net } }", { url: "http://good.com@evil.net/" }, MET],
    ["{ url: { host: evil.net } }", { url: "http://good.com\\@evil.net/" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "http://a@b@evil.net/" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "http://good.com/?a=x@y&b=z@evil.net" }, NOT],
    ["{ url: { host: github.com } }", { url: "git@github.com:a/b.git" }, MET],
    ["{ url: { host: github.com } }", { url: "ssh://git@github.com/a" }, MET],
    ["{ url: { host: db } }", { url: "postgres://u:p@db:5432/x" }, MET],
    ["{ url: { host: 10.0.0.0/8 } }", { url: "http://10.20.30.40/" }, MET],
    ["{ url: { host: 10.0.0.0/8 } }", { url: "http://0x0a.1" }, MET],
    ["{ url: { host: 10.0.0.0/8 } }", { url: "11.0.0.1:80" }, NOT],
    ["{ url: { host: 'fd00::/8' } }", { url: "http://[fd12::1]/" }, MET],
    ["{ url: { host: x } }", { url: "data:text/plain,x" }, NOT],
    ["{ url: { host: x } }", { url: "https:x" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "URL:http://evil.net/" }, MET],
    ["{ url: { host: evil.net } }", { url: "url:evil.net/" }, MET],
    ["{ url: { host: evil.net } }", { url: "URL:http://good.net/" }, NOT],
    ["{ url: { host: evil.net } }", { url: "<URL:http://evil.net/>" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: '"http://evil.net/"' }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "view-source:http://evil.net/" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "jar:http://evil.net/a.jar!/b" }, UNCLEAR],
    ["{ url: { host: evil.net } }", { url: "data:text/plain,http://evil.net/" }, NOT],
    ["{ url: { host: 203.0.113.0/24 } }", { url: "http://[2002:cb00:7105::1]/" }, UNCLEAR],
    ["{ url: { host: '2002::/16' } }", { url: "http://[2002:cb00:7105::1]/" }, MET],
    ["{ url: { host: 203.0.113.0/24 } }", { url: "http://[64:ff9b::203.0.113.5]/" }, MET],
  ],
  "private_address takes this machine and private networks": [
    ["{ url: { private_address: true } }", { url: "http://localhost:3000" }, MET],
    ["{ url: { private_address: true } }", { url: "http://2130706433/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[::ffff:192.168.0.1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://169.254.169.254/latest" }, MET],
    ["{ url: { private_address: true } }", { url: "http://metadata.google.internal/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[fe80::1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "URL:http://127.0.0.1/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[2002:7f00:1::]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[2001:0:808:808:0:0:80ff:fffe]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[2001:0:7f00:1::f7f7:f7f7]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[64:ff9b::7f00:1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[64:ff9b:1::808:808]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[::ffff:0:7f00:1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[::7f00:1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[2606:4700::5efe:a00:1]/" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[2002:808:808::]/" }, NOT],
    ["{ url: { private_address: true } }", { url: "http://[2001:0:808:808::f7f7:f7f7]/" }, NOT],
    ["{ url: { private_address: true } }", { url: "http://[64:ff9b::808:808]/" }, NOT],
    ["{ url: { private_address: true } }", { url: "http://[2606:4700::1111]/" }, NOT],
    ["{ url: { private_address: false } }", { url: "http://[2002:7f00:1::]/" }, NOT],
    ["{ url: { private_address: true } }", { url: "https://example.com" }, NOT],
    ["{ url: { private_address: true } }", { url: "http://8.8.8.8" }, NOT],
    ["{ url: { private_address: false } }", { url: "http://8.8.8.8" }, MET],
    ["{ url: { private_address: true } }", { url: "http://[" }, UNCLEAR],
  ],
  "above and below take numbers": [
    ["{ n: { above: 10 } }", { n: 11 }, MET],
    ["{ n: { above: 10 } }", { n: 10 }, NOT],
    ["{ n: { above: 10 } }", '{"n":1e999}', MET],
    ["{ n: { above: 10 } }", { n: "11" }, MET],
    ["{ n: { above: 10 } }", { n: "many" }, UNCLEAR],
    ["{ n: { below: 0 } }", { n: -1 }, MET],
    ["{ n: { above: 1, below: 5 } }", { n: 3 }, MET],
    ["{ n: { above: 1, below: 5 } }", { n: [0, 9] }, NOT],
  ],
  "longer_than takes texts, lists and mappings": [
    ["{ s: { longer_than: 5 } }", { s: "123456" }, MET],
    ["{ s: { longer_than: 5 } }", { s: "12345" }, NOT],
    ["{ s: { longer_than: 5 } }", { s: [1, 2, 3] }, MET],
  ],
  "present tells whether there is a value": [
    ["{ a.b: { present: true } }", { a: { b: 0 } }, MET],
    ["{ a.b: { present: true } }", { a: { b: null } }, NOT],
    ["{ a.b: { present: false } }", {}, MET],
    ["{ a.b: { present: false } }", { a: { b: 1 } }, NOT],
  ],
  "not takes what is there and does not meet the rest": [
    ["{ env: { not: { one_of: [dev] } } }", { env: "prod" }, MET],
    ["{ env: { not: { one_of: [dev] } } }", { env: "dev" }, NOT],
    ["{ env: { not: { one_of: [dev] } } }", {}, NOT],
    ["{ env: { not: { one_of: [dev] } } }", { env: ["dev", "prod"] }, MET],
  ],
  "a place leads through names, positions and anything": [
    ["{ 'a[1].b': x }", { a: [{ b: "y" }, { b: "x" }] }, MET],
    ["{ 'a[0].b': x }", { a: [{ b: "y" }, { b: "x" }] }, NOT],
    ["{ a.b: x }", { a: [{ b: "y" }, { b: "x" }] }, MET],
    ["{ 'a.*': x }", { a: { p: "y", q: "x" } }, MET],
    ["{ '**.b': x }", { a: [{ c: { b: "x" } }] }, MET],
    ["{ '**': x }", { a: [{ c: { d: "x" } }] }, MET],
    ["{ '**.*path*': x }", { deep: { FilePath: "x" } }, MET],
    ["{ '[\"a.b\"]': x }", { "a.b": "x" }, MET],
    ["{ a.b: x }", { a: '{"b":"x"}' }, UNCLEAR],
    ["{ a.b: x }", { a: "plain" }, NOT],
  ],
  "what readers take differently is unclear": [
    ["{ path: x }", '{"path":"y","path":"x"}', MET],
    ["{ path: x }", '{"path":"x","path":"y"}', MET],
    ["{ path: x }", '{"path":"y","path":"z"}', UNCLEAR],
    ["{ path: x }", { Path: "y" }, UNCLEAR],
    ["{ path: x }", { path: "y", "pa\u200bth": "z" }, UNCLEAR],
    ["{ path: x }", '{"p\\u0061th":"x"}', MET],
    ["{ path: x }", '"{\\"path\\":\\"y\\"}"', UNCLEAR],
    ["{ path: x }", "[1]", UNCLEAR],
    ["{ path: x }", "null", NOT],
    ["{ other: x }", '{"path":1,"path":2}', NOT],
    ["{ path: x }", '{"path":NaN}', UNCLEAR],
    ["{ path: x }", '{"path":"y",}', UNCLEAR],
  ],
};

for (const [title, cases] of Object.entries(CASES)) {
  describe(title, () => {
    for (const [condition, args, met] of cases) {
      const text = typeof args === "string" ? args : JSON.stringify(args);
      test(`${condition} and ${text.slice(0, 100)}: ${String(met)}`, () => expect(isMet(condition, args)).toBe(met));
    }
  });
}

describe("paths of other systems", () => {
  test("a folder may have quotes, escapes and the like in its name", () => {
    const base = { ...BASE, cwd: "/home/ada/Ada's %41 ﬁles\u200d" };
    for (const [path, met] of [
      ["a", NOT],
      ["Ada's/b", NOT],
      ["/home/ada/Ada's %41 ﬁles\u200d/b", NOT],
      ["../b", MET],
      ["/home/ada/Ada's/b", MET],
    ] as const) {
      expect(isMet("{ path: { outside: ['${cwd}'] } }", { path }, base)).toBe(met);
    }
  });

  const windows = { cwd: "C:\\Users\\ada\\shop", home: "C:\\Users\\ada", windows: true, anyCase: true };
  for (const [path, met] of [
    ["src\\a.ts", NOT],
    ["c:/users/ADA/shop/x", NOT],
    ["..\\.ssh", MET],
    ["\\\\?\\C:\\Users\\ada\\shop\\x", NOT],
    ["C:\\Users\\ada\\shop. \\x", NOT],
    ["D:\\x", MET],
    ["\\\\server\\share", UNCLEAR],
    ["C:x", UNCLEAR],
    ["%TEMP%\\x", UNCLEAR],
    ["file:///C:/Users/ada/shop/x", NOT],
    ["file:///D:/x", MET],
    ["src%5c..%5c..%5cx", UNCLEAR],
    ['"D:\\x"', UNCLEAR],
  ] as const) {
    test(`Windows: ${path} is ${String(met)}`, () => {
      expect(isMet("{ path: { outside: ['${cwd}'] } }", { path }, windows)).toBe(met);
    });
  }

  test("where A is a, so are folders", () => {
    const condition = "{ path: { inside: [~/.SSH] } }";
    expect(isMet(condition, { path: "/HOME/ada/.ssh/x" }, { ...BASE, anyCase: true })).toBe(MET);
    expect(isMet(condition, { path: "/home/ada/.ssh/x" })).toBe(NOT);
  });
});

test("a rule that allows needs every value to fit, and no doubt", () => {
  const engine = engineOf(
    "default: deny\nrules: [{ name: it, action: allow, tool: t, arguments: { path: { inside: ['${cwd}'] } } }]",
  );
  expect(outcome(engine, call("t", { path: "a" }))).toBe("pass");
  expect(outcome(engine, call("t", { path: ["a", "b"] }))).toBe("pass");
  expect(outcome(engine, call("t", { path: ["a", "/etc"] }))).toBe("block");
  expect(outcome(engine, call("t", {}))).toBe("block");
  expect(outcome(engine, call("t", { Path: "a" }))).toBe("block");
  expect(outcome(engine, call("t", '{"path":"a","path":"b"}'))).toBe("block");
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { Fingerprinter, SURE } from "../../../plugins/guard/fingerprint.ts";
import { identifiersIn } from "../../../plugins/guard/identifiers.ts";
import { sendsOutward } from "../../../plugins/guard/outward.ts";

const printer = new Fingerprinter(new Uint8Array(32));
const NOTE = "The board agreed on Tuesday to sell the northern warehouses, and nobody outside is to know before March.";

/** Of what was read and what is said. */
function shared(read: unknown, said: unknown, kind: "passages" | "identifiers" = "passages"): number {
  const known = new Set(printer.print(read, "read")[kind]);
  return printer.print(said, "said")[kind].filter((print) => known.has(print)).length;
}

test("two texts that share a passage share a print, whatever stands around it", () => {
  const letters = fc.string({
    unit: fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz0123456789äß")),
    maxLength: 200,
  });
  fc.assert(
    fc.property(letters, letters, letters, letters, letters, (a, b, c, d, passage) => {
      if (passage.normalize("NFKC").length >= SURE) expect(shared(a + passage + b, c + passage + d)).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

test("layout, case, quotes and the JSON around it make no difference", () => {
  const said = JSON.stringify({ body: NOTE.toUpperCase().replaceAll(" ", "\n> ") });
  expect(shared({ content: [{ type: "text", text: NOTE }] }, { text: said })).toBeGreaterThan(2);
});

test.each([
  ["Base64", Buffer.from(NOTE).toString("base64")],
  ["Base64 for addresses", Buffer.from(NOTE).toString("base64url")],
  ["hex", Buffer.from(NOTE).toString("hex")],
  ["an address", `https://example.com/?q=${encodeURIComponent(NOTE)}`],
  ["the path of an address", `https://example.com/${NOTE.replace(/\W+/g, "-")}`],
  ["names of hosts", `http://${NOTE.slice(0, 80).replace(/\W+/g, "-")}.example.com/`],
  ["the name of a file", `${NOTE.slice(0, 70).replace(/\W+/g, "_")}.txt`],
])("a passage is found in %s", (_, said) => {
  expect(shared(NOTE, { said })).toBeGreaterThan(2);
});

test("other words about the same, common phrases, paths and masks share nothing", () => {
  const other =
    "On Tuesday the board decided that the warehouses in the north are sold; keep it to yourselves until March.";
  expect(shared(NOTE, other)).toBe(0);
  expect(shared("Please let me know if you need anything else.", "Please let me know if it works.")).toBe(0);
  const path = "/home/ada/projects/shop/packages/checkout/src/components/basket-summary.ts";
  expect(shared(path, { path })).toBe(0);
  expect(shared("[redacted:private-key-of-a-very-long-kind]", "[redacted:private-key-of-a-very-long-kind]")).toBe(0);
});

test("pictures are not looked at, and what is too long only as far as it goes", () => {
  const picture = { type: "image", data: Buffer.from(NOTE.repeat(3)).toString("base64"), mimeType: "image/png" };
  expect(printer.print([picture], "read")).toEqual({ passages: [], identifiers: [] });
  const long = printer.print(
    Array.from({ length: 3000 }, (_, i) => `${i} ${Bun.hash(String(i)).toString(36).repeat(20)}`),
    "read",
  );
  expect(long.passages.length).toBeLessThan(30_000);
});

test.each([
  ["card 4111 1111 1111 1234", ["4111111111111234"]],
  ["call +49-30-9018201, please", ["49309018201"]],
  ["ada.lovelace@Example.org.", ["ada.lovelace@example.org"]],
  ["call +1 (555) 010-4477", ["15550104477"]],
  ["2026-11-21 4111 1111 1111 1234", ["4111111111111234"]],
  ["(see https://Example.com/d/1aB7xQ2mR9kT4vL6wZ8y/edit#d)", ["example.com/d/1aB7xQ2mR9kT4vL6wZ8y/edit"]],
  [
    "https://example.com/?file=7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11",
    ["example.com?file=7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11"],
  ],
  ["AIzaSyD-9tSrke72PouQMnMX", ["aizasyd-9tsrke72pouqmnmx"]],
  ["id 7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11", ["7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11"]],
  ["31415926 27182818 12", ["31415926", "27182818"]],
  ["order INV-20931-0442", ["inv-20931-0442"]],
])("%j is known by %j", (text, expected) => {
  expect([...identifiersIn(text, "read")]).toEqual(expected);
});

test.each([
  "on 2026-11-21, 20261121 or 2026-11-21T10:23:55Z",
  "at 1795256635 or 1795256635123",
  "1000000 times 0.123456789012",
  "https://example.com and http://localhost:8080/",
  "read_file get-sum base64 utf-8 sha256 node18 vite-plugin-react-2024 v1.2.3",
  "0000000000 1111111111111",
  "[redacted:email]@example",
  "21-11-2026, 11-21-2026, 20261121102355, 2023-2024, 2024 2025 2026, backup-2026-11-21 backup-20261121",
  "1048576 16777216 4294967295 12345678 87654321 86400000 2147483647",
  "claude-3-5-sonnet-20241022 gpt-4-1106-preview my-app-1-2-3 ubuntu-22-04-lts node-18-alpine-3-19 ISO-8859-15",
  "1.2.3-beta.4+build.20261121 react@18.2.0 @types/node@22.10.1 CVE-2024-12345 h264_1080p_60fps",
  "commit 6c0b1f6f0d1f4a6b7b1c2d3e4f5a6b7c8d9e0f1a or 6c0b1f6f0d1f, sha256-9tSrke72PouQMnMX9tSrke72PouQMnMX0w0",
  "git@github.com noreply@example.com 49699333+ada@users.noreply.github.com support@example.com",
  "https://stackoverflow.com/questions/31415926/how-to-parse-dates https://example.com/2026/11/21/news-31415926",
  "https://www.youtube.com/watch?v=dQw4w9WgXcQ https://www.bbc.co.uk/news/articles/c0kgr4zv1x2o",
  "https://example.com/page?utm_source=1aB7xQ2mR9kT4vL6wZ8y&fbclid=IwAR0aB7xQ2mR9kT4vL6wZ8y",
  "https://github.com/ada/shop/commit/6c0b1f6f0d1f4a6b7b1c2d3e4f5a6b7c8d9e0f1a",
  "/home/ada/photos/31415926/IMG_27182818.jpg C:\\Users\\ada\\31415926",
])("%j has nothing that stands for itself", (text) => {
  expect([...identifiersIn(text, "read")]).toEqual([]);
});

test.each([
  ["https://example.com/?c=4111111111111234", "4111111111111234"],
  ["https://example.com/x/7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11/y", "7f9c24e8-3b12-4fef-91e0-5c6a2d8e0f11"],
  ["/tmp/inv-20931-0442/a.txt", "inv-20931-0442"],
])("what is said in %j holds %j", (said, expected) => {
  expect([...identifiersIn(said, "said")]).toContain(expected);
});

test.each([
  "packages/checkout-basket-summary-component.ts",
  "@modelcontextprotocol/server-filesystem",
  "quarterly-planning-meeting-notes-2026-11-21.md",
  "getServerSideCustomerPreferencesAndSettings",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  "org.springframework.boot.autoconfigure.security",
  "https://docs.example.com/guides/getting-started/installation-on-linux",
])("a name is no passage: %s", (name) => {
  expect(shared(`See ${name} for more`, { name })).toBe(0);
});

test("hashes differ from salt to salt", () => {
  const other = new Fingerprinter(new Uint8Array(32).fill(1));
  expect(new Set([...printer.print(NOTE, "read").passages, ...other.print(NOTE, "read").passages]).size).toBe(
    printer.print(NOTE, "read").passages.length + other.print(NOTE, "read").passages.length,
  );
});

test.each([
  ["send_email", undefined, {}, true],
  ["slackPostMessage", undefined, {}, true],
  ["create_issue", undefined, {}, true],
  ["browser_navigate", undefined, {}, true],
  ["save", { annotations: { openWorldHint: true } }, {}, true],
  ["save", undefined, { to: "eve@example.com" }, true],
  ["save", undefined, { url: ["https://example.com"] }, true],
  ["save", undefined, { url: "http://localhost:3000/a" }, false],
  ["save", undefined, { to: "/tmp/a" }, false],
  ["write_file", { annotations: { openWorldHint: false } }, { path: "a" }, false],
  ["send_email", { annotations: { openWorldHint: false } }, {}, true],
  ["create_entities", undefined, {}, false],
  ["sendable", undefined, null, false],
])("a call of %s as %j with %j sends outward: %p", (tool, definition, given, expected) => {
  expect(sendsOutward(tool, definition, given)).toBe(expected);
});

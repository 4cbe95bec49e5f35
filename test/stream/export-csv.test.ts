import { expect, test } from "bun:test";
import fc from "fast-check";
import type { LogEntry } from "../../src/stream/entry.ts";
import { exportCsv } from "../../src/stream/export-csv.ts";
import { makeEntry } from "./make-entry.ts";

test("exportCsv writes a header and a row per entry, CRLF at the end of each", async () => {
  expect(await csv([makeEntry({ error_message: "no, never" })])).toBe(
    "session_id,server,seq,timestamp,kind,direction,method,tool,target,state,error_type,error_message,duration_ms,bytes,rounds\r\n" +
      '20260102-030405-abcdef01,files,7,2026-01-02T03:04:05.000001Z,call,request,tools/call,read_file,,ok,,"no, never",100,300,1\r\n',
  );
});

test("exportCsv survives quotes, line breaks and any Unicode", async () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a",\r\n 日]*$/));
  await fc.assert(
    fc.asyncProperty(text, text, async (tool, message) => {
      const rows = readCsv(await csv([makeEntry({ tool, error_message: message })]));
      expect(rows).toHaveLength(2);
      const [, row = []] = rows;
      expect(row).toHaveLength(15);
      expect([row[7], row[11]].map(unguard)).toEqual([tool, message].map(unguard));
    }),
  );
});

test.each([
  ["=1+1", "'=1+1"],
  ["+x", "'+x"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["-2+3", "'-2+3"],
  ["-32602", "-32602"],
  ["a=b", "a=b"],
])("exportCsv keeps spreadsheets from running %j", async (error_type, expected) => {
  const [, row = []] = readCsv(await csv([makeEntry({ error_type })]));
  expect(row[10]).toBe(expected);
});

async function csv(entries: LogEntry[]): Promise<string> {
  return (await Array.fromAsync(exportCsv(stream(entries)))).join("");
}

async function* stream(entries: LogEntry[]): AsyncGenerator<LogEntry> {
  yield* entries;
}

function unguard(cell: string | undefined): string | undefined {
  return cell?.replace(/^'(?=[=+\-@\t\r])/, "");
}

/** RFC 4180, section 2. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gsu)) {
    const [, cell = "", end] = match;
    row.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

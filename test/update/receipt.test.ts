import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendToReceipt, parseReceipt, readReceipts } from "../../src/update/receipt.ts";

const [A, B] = ["a".repeat(64), "b".repeat(64)];

test("parseReceipt keeps every digest of a path, oldest first, and skips what is no line", () => {
  const text = `# origin: release\n${A}  /bin/my km\n\nnonsense\n${B}  /bin/my km\n${A}  /share/km.1\n`;
  const receipt = parseReceipt("1.txt", text);
  expect(receipt?.origin).toBe("release");
  expect([...(receipt?.installed ?? [])]).toEqual([
    ["/bin/my km", [A, B]],
    ["/share/km.1", [A]],
  ]);
});

test("parseReceipt reads what PowerShell writes", () => {
  const receipt = parseReceipt("1.txt", `\ufeff# origin: checkout\r\n${A}  C:\\Tools\\km.exe\r\n`);
  expect(receipt?.origin).toBe("checkout");
  expect(receipt?.installed.get("C:\\Tools\\km.exe")).toEqual([A]);
});

test("parseReceipt takes no other file for a receipt", () => {
  for (const text of ["", "# origin: elsewhere\n", `${A}  /bin/km\n`])
    expect(parseReceipt("1.txt", text)).toBeUndefined();
});

test("readReceipts finds those of a state folder, which may be missing or hold other things", () => {
  const state = mkdtempSync(join(tmpdir(), "km-state-"));
  try {
    expect(readReceipts(state)).toEqual([]);
    mkdirSync(join(state, "installed/folder.txt"), { recursive: true });
    writeFileSync(join(state, "installed/2.txt"), "other");
    writeFileSync(join(state, "installed/1.txt"), `# origin: release\n${A}  /bin/km\n`);
    expect(readReceipts(state).map(({ file }) => file)).toEqual([join(state, "installed/1.txt")]);
  } finally {
    rmSync(state, { recursive: true });
  }
});

test("appendToReceipt begins a line of its own after one that was cut off", () => {
  const folder = mkdtempSync(join(tmpdir(), "km-state-"));
  try {
    const file = join(folder, "1.txt");
    const start = `# origin: release\n${A}  /bin/km\n${A.slice(9)}`;
    writeFileSync(file, start);
    const receipt = parseReceipt(file, start);
    if (receipt === undefined) throw new Error("No receipt");
    appendToReceipt(receipt, [{ path: "/bin/km", digest: B }]);
    expect(readFileSync(file, "utf8")).toBe(`${start}\n${B}  /bin/km\n`);
    appendToReceipt(receipt, [{ path: "/bin/km", digest: A }]);
    expect(parseReceipt(file, readFileSync(file, "utf8"))?.installed.get("/bin/km")).toEqual([A, B, A]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

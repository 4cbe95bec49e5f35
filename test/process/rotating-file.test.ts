/** `RotatingFile` on a real disk. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RotatingFile } from "../../src/process/rotating-file.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "km-rotating-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const line = (text: string): string => `${text.padEnd(99, ".")}\n`;

test("a file is put aside at its size, so many are kept, and no line is cut", () => {
  const file = join(folder, "log");
  const log = new RotatingFile(file, { maxBytes: 1000, keep: 2 });
  for (let n = 0; n < 45; n++) log.append(line(String(n)));
  log.close();
  expect(
    readdirSync(folder)
      .filter((name) => name.startsWith("log"))
      .sort(),
  ).toEqual(["log", "log.1", "log.2"]);
  const numbers = ["log.2", "log.1", "log"].flatMap((name) =>
    readFileSync(join(folder, name), "utf8")
      .trimEnd()
      .split("\n")
      .map((one) => Number.parseInt(one, 10)),
  );
  expect(numbers).toEqual(Array.from({ length: 25 }, (_, n) => n + 20));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a file that is there is appended to, and becomes the user's alone", () => {
  const file = join(folder, "old");
  writeFileSync(file, line("before"));
  chmodSync(file, 0o644);
  const log = new RotatingFile(file, { maxBytes: 1000, keep: 1 });
  log.append(line("after"));
  log.close();
  expect(readFileSync(file, "utf8")).toBe(line("before") + line("after"));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a line that is larger than the file may be stands alone", () => {
  const file = join(folder, "large");
  const log = new RotatingFile(file, { maxBytes: 100, keep: 1 });
  log.append(`${"x".repeat(500)}\n`);
  log.append("y\n");
  log.close();
  expect(readFileSync(file, "utf8")).toBe("y\n");
  expect(readFileSync(`${file}.1`, "utf8")).toHaveLength(501);
});

test("two that write one file put it aside once", () => {
  const file = join(folder, "shared");
  const [one, two] = [1, 2].map(() => new RotatingFile(file, { maxBytes: 1000, keep: 5 }));
  for (let n = 0; n < 12; n++) {
    one?.append(line(`one ${n}`));
    two?.append(line(`two ${n}`));
  }
  one?.close();
  two?.close();
  const names = readdirSync(folder).filter((name) => name.startsWith("shared"));
  const lines = names.flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"));
  expect(new Set(lines).size).toBe(24);
});

test.skipIf(process.platform === "win32")("a link and a folder are no files to write to", () => {
  symlinkSync(join(folder, "log"), join(folder, "link"));
  for (const name of ["link", "."]) {
    expect(() => new RotatingFile(join(folder, name), { maxBytes: 1000, keep: 1 }).open()).toThrow();
  }
});

test.skipIf(process.platform !== "linux")("a disk that is full is an error each time, and no more", () => {
  const log = new RotatingFile("/dev/full", { maxBytes: 1000, keep: 1 });
  expect(() => log.append("x\n")).toThrow();
});

/** What texts are before and behind masks, encodings and edits. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { KmError } from "../../../src/errors.ts";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { applyEdits, type Edit } from "../../../src/services/filesystem/contents/apply-edits.ts";
import { fitting } from "../../../src/services/filesystem/contents/fitting.ts";
import { maskText, unmasked } from "../../../src/services/filesystem/contents/masked-text.ts";
import { decodeText, encodeText } from "../../../src/services/filesystem/contents/text-encoding.ts";

const redactor = createRedactor();
const SECRET = "Pl4nt3dV7qZ2xK9wM3r";
const KEY = [
  "-----BEGIN PRIVATE KEY-----",
  "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
  "VJTUt9Us8cKjMzEfYyjiWA4R4",
  "-----END PRIVATE KEY-----",
].join("\n");

describe("a masked text", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      `password=${SECRET}\n`,
      `api_key: "${SECRET}"\n`,
      `${KEY}\n`,
      `https://me:${SECRET}@host/x\n`,
      "[redacted:secret]",
      `{"token":"${SECRET}"}`,
      "\r\n",
      "token=",
      SECRET,
    ),
    fc.string({ maxLength: 20 }),
  );
  test("gives the real one back, is what the redactor makes of it, and keeps its lines", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const text = pieces.join("");
        const masked = maskText(text, redactor);
        expect(unmasked(masked)).toBe(text);
        expect(masked.text.split("\n").length).toBe(text.split("\n").length);
        for (const { start, end } of masked.masks) expect(masked.text.slice(start, end)).toContain("[redacted:");
        // What is masked stays so when it goes out.
        expect(redactor.redact(masked.text).text).toBe(masked.text);
      }),
      { numRuns: 1000 },
    );
  });
});

const TEXT = `name: shop\npassword: ${SECRET}\nport: 80\nport: 80\n`;

function edited(text: string, ...edits: Edit[]): string {
  return unmasked(applyEdits(maskText(text, redactor), edits));
}

function refusal(text: string, ...edits: Edit[]): string {
  try {
    edited(text, ...edits);
  } catch (error) {
    if (error instanceof KmError) return error.message;
    throw error;
  }
  throw new Error("it was done");
}

describe("edits", () => {
  test("a mask that is left stands for what it stood for", () => {
    const mask = maskText(TEXT, redactor).text.split("\n")[1] ?? "";
    expect(mask).toContain("[redacted:");
    expect(edited(TEXT, { old: `shop\n${mask}`, new: `store\n# ours\n${mask}` })).toBe(
      `name: store\n# ours\npassword: ${SECRET}\nport: 80\nport: 80\n`,
    );
    expect(edited(TEXT, { old: mask, new: "password: other" })).toBe(
      "name: shop\npassword: other\nport: 80\nport: 80\n",
    );
  });

  test("what is not there once is refused, and all of it can be meant", () => {
    expect(refusal(TEXT, { old: "port: 80", new: "port: 81" })).toBe("Edit 1: old is there 2 times (lines 3, 4)");
    expect(edited(TEXT, { old: "port: 80", new: "port: 81", all: true })).toBe(TEXT.replaceAll("80", "81"));
    expect(refusal(TEXT, { old: "shop", new: "x" }, { old: "shop", new: "y" })).toBe("Edit 2: old is not in the file");
  });

  test("what is behind a mask cannot be found by guessing, whole or in part", () => {
    for (const old of [SECRET, SECRET.slice(0, 3), `password: ${SECRET.slice(0, 1)}`]) {
      expect(refusal(TEXT, { old, new: "x" })).toBe("Edit 1: old is not in the file");
    }
    expect(refusal(TEXT, { old: "[redacted:", new: "x" })).toBe("Edit 1: old is not in the file");
  });

  test("masks that were not there, or others than were there, are refused", () => {
    expect(refusal(TEXT, { old: "shop", new: "[redacted:password]" })).toBe("Edit 1: new has other masks than old");
    const mask = maskText(TEXT, redactor).text.split("\n")[1] ?? "";
    expect(refusal(TEXT, { old: mask, new: `${mask}\n${mask}` })).toBe("Edit 1: new has other masks than old");
  });

  test("line ends stay those of the file", () => {
    expect(edited("a\r\nb\r\n", { old: "a\nb", new: "a\nc\nb" })).toBe("a\r\nc\r\nb\r\n");
  });
});

describe("encodings", () => {
  test.each(["utf-8", "utf-16le", "utf-16be"] as const)("%s: bytes come out as they went in", (encoding) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, hasMark) => {
        fc.pre(!text.startsWith("\ufeff"));
        const bytes = encodeText({ text, encoding, hasMark });
        const decoded = decodeText(bytes ?? new Uint8Array(), encoding);
        expect(decoded).toEqual({ text, encoding, hasMark });
      }),
    );
  });
  test("they are found out", () => {
    const found = (...bytes: number[]): string | undefined => decodeText(Uint8Array.from(bytes))?.encoding;
    expect(found(0x61, 0xc3, 0xbc)).toBe("utf-8");
    expect(found(0x61, 0xfc)).toBe("windows-1252");
    expect(found(0xff, 0xfe, 0x61, 0)).toBe("utf-16le");
    expect(found(0xfe, 0xff, 0, 0x61)).toBe("utf-16be");
    expect(found(0x61, 0, 0x62)).toBeUndefined();
    expect(found(0x61, 1, 0xfc)).toBeUndefined();
    expect(decodeText(Buffer.from("caf\xe9 \x80", "latin1"))?.text).toBe("café €");
    expect(encodeText({ text: "café €", encoding: "windows-1252", hasMark: false })?.toString("latin1")).toBe(
      "caf\xe9 \x80",
    );
    expect(encodeText({ text: "日本", encoding: "windows-1252", hasMark: false })).toBeUndefined();
  });
});

test("as much of a text fits as an answer may hold, and something of it always", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.integer({ min: 20, max: 60 }), (text, most) => {
      const size = fitting(text, Infinity, most);
      expect(size).toBeGreaterThan(0);
      expect(Buffer.byteLength(JSON.stringify(text.slice(0, size))) - 2).toBeLessThanOrEqual(most);
    }),
  );
  expect(fitting("a\nb\nc\n", 2, 100)).toBe(4);
});

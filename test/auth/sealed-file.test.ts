import { describe, expect, test } from "bun:test";
import { createSecretKey, randomBytes } from "node:crypto";
import fc from "fast-check";
import { parseSealed, type Seal, seal, unseal } from "../../src/auth/sealed-file.ts";
import type { KeptKey, Tokens } from "../../src/auth/tokens.ts";

const tokens: Tokens = {
  access: "an access token",
  refresh: "kmr_a",
  expiresAt: 1,
  customer: "cus_a",
  tier: "pro",
  origin: "https://api.example",
};
const key = createSecretKey(randomBytes(32));
const seals: Seal[] = [
  { kept: "keychain", key },
  { kept: "passphrase", key, salt: randomBytes(16).toString("base64") },
];

/** What a reader gets who has the right key. */
function opened(bytes: Buffer): Tokens | KeptKey | string {
  const parsed = parseSealed(bytes);
  return parsed.state === "sealed" ? (unseal(parsed.file, key) ?? "wrong key") : parsed.state;
}

describe.each(seals.map((by) => [by.kept, by] as const))("a file by %s", (_, by) => {
  test("gives back what was put in, and none of it as plain text", () => {
    const bytes = seal(tokens, by);
    expect(opened(bytes)).toEqual(tokens);
    expect(bytes.toString()).not.toMatch(/an access token|kmr_a|cus_a/);
    expect(seal(tokens, by).equals(bytes)).toBe(false);
  });

  test("with any bit of any byte flipped is not opened", () => {
    const bytes = seal(tokens, by);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        expect(["wrong key", "damaged", "newer"]).toContain(opened(changed) as string);
      }
    }
  });

  test("that is torn anywhere is damaged", () => {
    const bytes = seal(tokens, by);
    for (let end = 1; end < bytes.length; end++) expect(opened(bytes.subarray(0, end))).toBe("damaged");
  });

  test("does not open with another key", () => {
    const parsed = parseSealed(seal(tokens, by));
    if (parsed.state !== "sealed") throw new Error(parsed.state);
    expect(unseal(parsed.file, createSecretKey(randomBytes(32)))).toBeUndefined();
  });
});

describe("parseSealed", () => {
  test("tells a file of a newer km from a damaged one", () => {
    expect(parseSealed(Buffer.from('{"version":2,"whatever":1}\n'))).toEqual({ state: "newer", version: 2 });
    expect(parseSealed(Buffer.from('{"version":0}\n'))).toEqual({ state: "damaged" });
  });

  test("takes any bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => expect(parseSealed(Buffer.from(bytes)).state).toBe("damaged")));
  });
});

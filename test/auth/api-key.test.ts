import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ApiKeyKind, isApiKey, makeApiKey, maskApiKey } from "../../src/auth/api-key.ts";

const kinds: ApiKeyKind[] = ["live", "test", "admin"];
const keys = fc.constantFrom(...kinds).map((kind) => makeApiKey(kind));

describe("makeApiKey", () => {
  test.each(kinds)("makes keys of the kind %s that pass, and none twice", (kind) => {
    const made = Array.from({ length: 200 }, () => makeApiKey(kind));
    expect(made.every(isApiKey)).toBe(true);
    expect(new Set(made).size).toBe(made.length);
    for (const key of made) expect(key).toMatch(new RegExp(`^km_${kind}_[0-9A-Za-z]{38}$`));
  });
});

describe("isApiKey", () => {
  test("knows the checksum that other implementations of CRC-32 give", () => {
    expect(isApiKey(`km_live_${"a".repeat(32)}0IwqHh`)).toBe(true);
    expect(isApiKey(`km_live_${"a".repeat(32)}000000`)).toBe(false);
  });

  test("finds every change of one character, and of the kind", () => {
    fc.assert(
      fc.property(keys, fc.nat(), fc.constantFrom("0", "9", "A", "Z", "a", "z", "_", "-"), (key, at, character) => {
        const index = at % key.length;
        const changed = key.slice(0, index) + character + key.slice(index + 1);
        expect(isApiKey(changed)).toBe(changed === key);
      }),
    );
    expect(isApiKey(makeApiKey("live").replace("live", "test"))).toBe(false);
    expect(isApiKey(`${makeApiKey("live")}\n`)).toBe(false);
  });
});

describe("maskApiKey", () => {
  test("shows twelve characters of a key, and nothing of what is none", () => {
    const key = makeApiKey("live");
    expect(maskApiKey(key)).toBe(`${key.slice(0, 12)}…`);
    fc.assert(fc.property(fc.string(), (text) => expect(maskApiKey(text)).toBe("…")));
  });
});

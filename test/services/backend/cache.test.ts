/** What is kept, for how long, and how much of it. */
import { describe, expect, test } from "bun:test";
import { BackendCache } from "../../../src/services/backend/cache.ts";

const NEVER = new AbortController().signal;

async function get(cache: BackendCache, key: string, value: string, ttlMs = 60_000): Promise<string> {
  return await cache.get({
    key,
    ttlMs,
    load: async () => await Promise.resolve(value),
    bytes: (text) => text.length,
    signal: NEVER,
  });
}

describe("BackendCache", () => {
  test("never has more bytes than it may, and drops what was not used for longest", async () => {
    const cache = new BackendCache(10_000);
    for (let count = 0; count < 100; count++) {
      await get(cache, `key ${count}`, "x".repeat(1000));
      await get(cache, "key 0", "another");
      expect(cache.counts.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(await get(cache, "key 0", "another")).toBe("x".repeat(1000));
    expect(await get(cache, "key 50", "another")).toBe("another");
  });

  test("keeps nothing that would drive out much else, and nothing at all with no room", async () => {
    const cache = new BackendCache(10_000);
    await get(cache, "large", "x".repeat(5000));
    expect(cache.counts.entries).toBe(0);
    const none = new BackendCache(0);
    await get(none, "key", "value");
    expect(none.counts.entries).toBe(0);
  });

  test("what was loaded while something was changed is kept for nobody", async () => {
    const cache = new BackendCache(10_000);
    const { promise, resolve } = Promise.withResolvers<string>();
    const old = cache.get({
      key: "a b",
      ttlMs: 60_000,
      load: async () => await promise,
      bytes: () => 1,
      signal: NEVER,
    });
    cache.forget("a ");
    expect(await get(cache, "a b", "new")).toBe("new");
    resolve("old");
    expect(await old).toBe("old");
    expect(await get(cache, "a b", "newer")).toBe("new");
  });

  test("what fails is tried again by the next one", async () => {
    const cache = new BackendCache(10_000);
    const failing = cache.get({
      key: "key",
      ttlMs: 60_000,
      load: async () => await Promise.reject(new Error("down")),
      bytes: () => 1,
      signal: NEVER,
    });
    expect(await failing.catch((error: unknown) => error)).toEqual(new Error("down"));
    expect(await get(cache, "key", "up")).toBe("up");
  });
});

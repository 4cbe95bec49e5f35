/** Addresses of callers, as proxies write them. */
import { describe, expect, test } from "bun:test";
import { callerAddress, countedAs } from "../../src/backend/caller.ts";

const PEER = "::ffff:10.0.0.1";

describe("callerAddress", () => {
  test("without a proxy it is the other end, whatever a header says", () => {
    expect(callerAddress(new Headers({ "x-forwarded-for": "1.2.3.4" }), PEER, 0)).toBe("10.0.0.1");
  });

  test.each([
    ["1.2.3.4", 1, "1.2.3.4"],
    ["9.9.9.9, 1.2.3.4", 1, "1.2.3.4"],
    ["9.9.9.9, 1.2.3.4, 10.0.0.9", 2, "1.2.3.4"],
    ["1.2.3.4:5678", 1, "1.2.3.4"],
    ["[2001:DB8::7]:443", 1, "2001:db8::7"],
    ["::ffff:1.2.3.4", 1, "1.2.3.4"],
    // Nothing that could be meant is there: then it is the proxy's own.
    ["1.2.3.4", 2, "10.0.0.1"],
    ["", 1, "10.0.0.1"],
    ["unknown", 1, "10.0.0.1"],
    ["1.2.3.999", 1, "10.0.0.1"],
    ["fe80::1%eth0\u00a0x", 1, "10.0.0.1"],
  ])("X-Forwarded-For: %p behind %i is %s", (chain, proxies, address) => {
    expect(callerAddress(new Headers({ "x-forwarded-for": chain }), PEER, proxies)).toBe(address);
  });
});

describe("countedAs", () => {
  test("an IPv4 address is counted by itself, one of IPv6 with its network of 64 bits", () => {
    expect(countedAs("1.2.3.4")).toBe("1.2.3.4");
    const one = ["2001:db8::1", "2001:db8:0:0:ffff::", "2001:0db8:0000:0000:1:2:3:4", "2001:db8::1.2.3.4"];
    expect(new Set(one.map(countedAs))).toEqual(new Set(["2001:db8:0:0::/64"]));
    expect(countedAs("2001:db8:0:1::1")).toBe("2001:db8:0:1::/64");
    expect([countedAs("::1"), countedAs("::"), countedAs("unknown")]).toEqual([
      "0:0:0:0::/64",
      "0:0:0:0::/64",
      "unknown",
    ]);
  });
});

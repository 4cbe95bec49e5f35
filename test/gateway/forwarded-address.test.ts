/** Whose address counts behind proxies: only what a trusted one has written, whatever a client sends along. */
import { expect, test } from "bun:test";
import { addressSet } from "../../src/gateway/access/address-set.ts";
import { forwardedAddress } from "../../src/gateway/access/forwarded-address.ts";

const OURS = ["10.0.0.0/8", "fd00::/8"];

test.each([
  // Whoever connects without being a proxy is who asks.
  ["203.0.113.9", "1.2.3.4", "203.0.113.9"],
  ["11.0.0.1", "1.2.3.4", "11.0.0.1"],
  // What the client claims stands further left than what the proxy has seen.
  ["10.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"],
  ["10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"],
  ["10.0.0.1", "10.0.0.9, 203.0.113.9", "203.0.113.9"],
  // All of it is ours.
  ["10.0.0.1", "10.0.0.7, 10.0.0.2", "10.0.0.7"],
  // What is no address ends it.
  ["10.0.0.1", "6.6.6.6, unknown", "10.0.0.1"],
  ["10.0.0.1", "6.6.6.6, unknown, 10.0.0.2", "10.0.0.2"],
  ["10.0.0.1", "6.6.6.6, ", "10.0.0.1"],
  ["10.0.0.1", "", "10.0.0.1"],
  // IPv6, with ports, and IPv4 within it.
  ["fd00::1", "2001:db8::1", "2001:db8::1"],
  ["::ffff:10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"],
  ["10.0.0.1", "203.0.113.9:4711", "203.0.113.9"],
  ["::ffff:203.0.113.9", "1.2.3.4", "203.0.113.9"],
])("x-forwarded-for from %s: %s", (peer, text, expected) => {
  const addressOf = forwardedAddress({ addresses: OURS, header: "x-forwarded-for" });
  expect(addressOf(new Headers({ "x-forwarded-for": text, forwarded: "for=9.9.9.9" }), peer)).toBe(expected);
});

test.each([
  ["for=203.0.113.9", "203.0.113.9"],
  ["For=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"],
  ["proto=https; for=203.0.113.9", "203.0.113.9"],
  ["for=6.6.6.6, for=203.0.113.9", "203.0.113.9"],
  ["for=203.0.113.9, for=10.0.0.2", "203.0.113.9"],
  ['for="[2001:db8::1]:4711"', "2001:db8::1"],
  ['for=_hidden, for="_SEVKISEK"', "10.0.0.1"],
  ["for=6.6.6.6, proto=https", "10.0.0.1"],
  // Somebody leaves a quotation mark open, so that what the proxy adds would be within.
  ['for=6.6.6.6;x=", for=203.0.113.9', "10.0.0.1"],
  ['for=6.6.6.6;x=", for="[2001:db8::1]"', "10.0.0.1"],
  ['for=6.6.6.6;x="\\", for=203.0.113.9', "10.0.0.1"],
  ['for="6.6.6.6, for=203.0.113.9', "10.0.0.1"],
  ["for=6.6.6.6 for=203.0.113.9", "10.0.0.1"],
])("forwarded from a proxy: %s", (text, expected) => {
  const addressOf = forwardedAddress({ addresses: OURS, header: "forwarded" });
  expect(addressOf(new Headers({ forwarded: text, "x-forwarded-for": "9.9.9.9" }), "10.0.0.1")).toBe(expected);
});

test("without proxies no header is believed", () => {
  const headers = new Headers({ "x-forwarded-for": "1.2.3.4", forwarded: "for=1.2.3.4" });
  expect(forwardedAddress(undefined)(headers, "127.0.0.1")).toBe("127.0.0.1");
});

test.each(["10.0.0.0/33", "10.0.0/8", "fd00::/129", "proxy.internal", "fe80::1%eth0", "10.0.0.0/", "/8", ""])(
  "%s is no address and no network",
  (text) => {
    expect(addressSet([text])).toBeUndefined();
  },
);

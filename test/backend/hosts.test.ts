/** Names that a request may ask for. */
import { expect, test } from "bun:test";
import { hostCheck } from "../../src/backend/hosts.ts";

test("hostCheck on loopback: its own names, those given, any address, and no other name", () => {
  const isRight = hostCheck("127.0.0.1", ["KM.example.com", "other.example"]);
  const right = [
    "127.0.0.1:5194",
    "localhost",
    "LOCALHOST:1",
    "[::1]:5194",
    "km.example.com",
    "other.example:80",
    "10.1.2.3",
  ];
  expect(right.filter((host) => !isRight(host))).toEqual([]);
  const wrong = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "127.0.0.1, evil.example",
    "a@localhost",
    "",
  ];
  expect(wrong.filter(isRight)).toEqual([]);
  expect(["localhost:99999", "[zz]", "[::1", "1.2.3.4.5", "localhost:", "../x"].filter(isRight)).toEqual([]);
});

test("hostCheck elsewhere: every name, unless some are given", () => {
  expect(hostCheck("0.0.0.0", [])("any.example:5194")).toBe(true);
  expect(hostCheck("0.0.0.0", [])("[zz")).toBe(false);
  const isRight = hostCheck("0.0.0.0", ["km.example.com"]);
  expect([isRight("km.example.com"), isRight("any.example"), isRight("localhost")]).toEqual([true, false, true]);
});

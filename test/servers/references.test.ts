/** References in the texts of servers: what they are, and what they stand for. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  parseReferences,
  type ReferenceSources,
  resolveText,
  withoutReferences,
} from "../../src/servers/references.ts";
import { secretsOf } from "../../src/servers/secrets-of.ts";

const sources: ReferenceSources = {
  env: { HOME: "/home/ada", EMPTY: "" },
  readSecret: (name) => Promise.resolve(name === "token" ? "${env:HOME} s3cret" : undefined),
};
const resolve = (text: string) => resolveText(text, "files: env.TOKEN", sources);

test.each([
  ["plain $HOME $ {x} text", "plain $HOME $ {x} text"],
  ["${env:HOME}/x", "/home/ada/x"],
  ["Bearer ${keychain:token}", "Bearer ${env:HOME} s3cret"], // what a secret holds is not looked at
  ["${env:EMPTY:-other}${env:NOT_THERE:-}", "other"],
  ["$${env:HOME}", "${env:HOME}"],
  ["$${${env:HOME}}", "${/home/ada}"],
])("%j stands for %j", async (text, expected) => {
  expect(await resolve(text)).toBe(expected);
});

test("what is not there is an error that names the server, the place and what to do", async () => {
  await expect(resolve("${env:NOT_THERE}")).rejects.toMatchObject({
    code: "SRV_004",
    message: "Cannot resolve ${env:NOT_THERE} of files: env.TOKEN: the variable is not set",
    hint: expect.stringContaining("Set NOT_THERE where km is started"),
  });
  await expect(resolve("${env:EMPTY}")).rejects.toMatchObject({ code: "SRV_004" });
  await expect(resolve("${keychain:other}")).rejects.toMatchObject({
    code: "SRV_004",
    message: "Cannot resolve ${keychain:other} of files: env.TOKEN: there is no such secret",
    hint: "Store it: km servers secret set other",
  });
});

test.each([
  ["${HOME}", "Did you mean ${env:HOME}? $${ stands for ${ itself."],
  ["${env:A", "It has no }. $${ stands for ${ itself."],
  ["${keychain:a b}", expect.stringContaining("A secret's name has")],
  ["${vault:x}", expect.stringContaining("There are ${keychain:name} and ${env:NAME}")],
  ["${}", expect.stringContaining("There are")],
])("%j is no reference", (text, hint) => {
  expect(parseReferences(text)).toMatchObject({ problem: expect.any(String), hint });
});

test("any text can stand for itself", async () => {
  const parts = fc.array(fc.constantFrom("$", "{", "}", "env:HOME", "keychain:token", "a", "${", "\n"));
  await fc.assert(
    fc.asyncProperty(parts, async (some) => {
      const text = some.join("");
      // Whoever writes dollars in front of a brace means them, however many.
      fc.pre(!text.includes("$${"));
      expect(await resolve(withoutReferences(text))).toBe(text);
    }),
  );
});

test("secretsOf names each secret of a server once", () => {
  const server = {
    env: { A: "${keychain:a}", B: "x${keychain:b}${env:C}" },
    args: ["${keychain:a}", "$${keychain:d}"],
  };
  expect(secretsOf(server)).toEqual(["a", "b"]);
});

/** Who owns a session is told by name, proof and roles, and by no others that read alike; and what of it the file still says. */
import { expect, test } from "bun:test";
import { type Access, openAccess, principalOf } from "../../src/gateway/access/access.ts";
import type { Identity } from "../../src/gateway/access/identity.ts";
import { readProxyConfig } from "../../src/gateway/config/read-proxy-config.ts";

const [ONE, OTHER] = ["a".repeat(64), "b".repeat(64)];
const ROLES = "roles: { reader: { tools: read_* }, writer: { tools: write_* } }";

async function access(auth: string, roles = ROLES): Promise<Access> {
  const read = readProxyConfig("/etc/access.yaml", `version: 1\n${auth}\n${roles}\n`, undefined);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return await openAccess({
    config: read.value,
    authority: undefined,
    resolve: (text) => Promise.resolve(text),
    warn: () => undefined,
  });
}

async function known(by: Access, authorization: string): Promise<Identity> {
  const result = await by.login?.authenticate(new Headers({ authorization }), undefined, 0);
  if (result?.state !== "known") throw new Error(JSON.stringify(result));
  return result.identity;
}

test("owners are told apart, whatever stands in their names", async () => {
  const { ownerOf } = await access(`auth: { keys: [{ name: a, sha256: ${ONE} }] }`);
  const owners = [
    ["ada", []],
    ["ada", ["admin"]],
    ["ada", ["admin", "reader"]],
    ["ada", ["admin reader"]],
    ["ada [admin]", []],
    ['ada","admin', []],
  ] as const;
  const keys = owners.map(([principal, roles]) => ownerOf({ principal, by: "key", roles: [...roles], grant: "" }));
  expect(new Set(keys).size).toBe(owners.length);
  expect(keys.map(principalOf)).toEqual(owners.map(([principal]) => principal));
});

const HASH = await Bun.password.hash("correct horse", { algorithm: "bcrypt", cost: 4 });
const USER = `{ name: ada, password: '${HASH}', roles: [reader] }`;

test.each([
  ["the same file", `auth: { users: [${USER}] }`, ROLES, true],
  [
    "somebody else comes too",
    `auth: { users: [${USER}], keys: [{ name: ada, sha256: ${ONE}, roles: [writer] }] }`,
    ROLES,
    true,
  ],
  ["another role may more", `auth: { users: [${USER}] }`, ROLES.replace("write_*", "'*'"), true],
  ["their role may less", `auth: { users: [${USER}] }`, ROLES.replace("read_*", "read_file"), false],
  ["they have another role", `auth: { users: [${USER.replace("[reader]", "[writer]")}] }`, ROLES, false],
  ["they are not there", `auth: { keys: [{ name: ada, sha256: ${OTHER} }] }`, ROLES, false],
  [
    "another password",
    `auth: { users: [${USER.replace(HASH, await Bun.password.hash("x", { algorithm: "bcrypt", cost: 4 }))}] }`,
    ROLES,
    false,
  ],
])("whether a session goes on: %s", async (_what, auth, roles, expected) => {
  const before = await access(`auth: { users: [${USER}] }`);
  const owner = before.ownerOf(await known(before, `Basic ${btoa("ada:correct horse")}`));
  expect(before.isOwner(owner, 0)).toBe(true);
  expect((await access(auth, roles)).isOwner(owner, 0)).toBe(expected);
});

test("a session of a key ends with the key", async () => {
  const key = `kmk_${"k".repeat(43)}`;
  const hash = new Bun.CryptoHasher("sha256").update(key).digest("hex");
  const holding = await access(`auth: { keys: [{ name: a, sha256: ${hash}, roles: [reader], expires: 2027-01-31 }] }`);
  const owner = holding.ownerOf(await known(holding, `Bearer ${key}`));
  expect(holding.isOwner(owner, Date.parse("2027-01-30"))).toBe(true);
  expect(holding.isOwner(owner, Date.parse("2027-01-31"))).toBe(false);
});

test("where nobody was asked, sessions end as soon as somebody is", async () => {
  const open = await access("", "");
  expect(open.isOwner("everybody", 0)).toBe(true);
  expect((await access(`auth: { users: [${USER}] }`)).isOwner("everybody", 0)).toBe(false);
});

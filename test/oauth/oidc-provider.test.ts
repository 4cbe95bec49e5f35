/** Logins at a real authorization server, oidc-provider: as they are, and with tokens that are bound to a key. */
import { expect, test } from "bun:test";
import { makeUser, request, sendingTo, type User } from "./logging-in.ts";
import { confirm, startRealProvider } from "./real-provider.ts";
import { settings } from "./setting.ts";

const { use, defer } = settings();

test("a login by registration and PKCE, refreshes that rotate, a step-up, and a login that was taken back", async () => {
  const { url, events, needs, revokeAll } = await startRealProvider({ defer }, { seconds: 2 });
  const { user, pages } = confirmingUser();
  const authorizer = user.authorizer(url);

  expect((await request(authorizer, url)).status).toBe(200);
  expect(await pages[0]).toContain("Logged in to");
  expect(events[0]).toBe("authorization_code");
  const first = await authorizer.headers(sendingTo(url));

  // Its tokens live for two seconds.
  for (const _ of [1, 2]) {
    await Bun.sleep(2000);
    expect((await request(authorizer, url)).status).toBe(200);
  }
  expect(pages).toHaveLength(1);
  expect(events.filter((grant) => grant === "refresh_token").length).toBeGreaterThanOrEqual(2);
  expect(await authorizer.headers(sendingTo(url))).not.toEqual(first);

  // Another session of the same user needs nobody.
  expect((await request(user.authorizer(url), url)).status).toBe(200);

  needs.push("write");
  expect((await request(authorizer, url)).status).toBe(200);
  expect(pages).toHaveLength(2);
  expect(new URL(user.said.findLast((text) => /^ {8}http/.test(text))?.trim() ?? "").searchParams.get("scope")).toBe(
    "read write offline_access",
  );

  revokeAll();
  expect((await request(authorizer, url)).status).toBe(200);
  expect(pages).toHaveLength(3);
}, 60_000);

test("a token that is bound to a key: nonces of both servers, refreshes, other sessions, and no use to a thief", async () => {
  const { url, issuer, events, verifier } = await startRealProvider({ defer }, { seconds: 2, isBound: true });
  const { user, pages } = confirmingUser();
  const authorizer = user.authorizer(url);

  expect((await request(authorizer, url)).status).toBe(200);
  expect(pages).toHaveLength(1);
  // It did not know the nonce yet, and was not asked to log in for that.
  expect(verifier.refusals).toEqual(["it has another nonce"]);
  for (const _ of [1, 2, 3]) expect((await request(authorizer, url)).status).toBe(200);
  verifier.renewNonce();
  const answers = await Promise.all(Array.from({ length: 5 }, () => request(authorizer, url)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(new Set(verifier.refusals)).toEqual(new Set(["it has another nonce"]));

  // Refresh tokens of a public client are bound to the same key.
  await Bun.sleep(2000);
  expect((await request(authorizer, url)).status).toBe(200);
  expect(events).toEqual(["authorization_code", "refresh_token"]);
  expect((await request(user.authorizer(url), url)).status).toBe(200);
  expect(pages).toHaveLength(1);

  const sent = await authorizer.headers(sendingTo(url));
  const [, token = ""] = sent["authorization"]?.split(" ") ?? [];
  const ask = async (headers: Record<string, string>) => (await fetch(url, { method: "POST", headers })).status;
  expect(await ask({ authorization: `Bearer ${token}` })).toBe(401);
  expect(await ask({ authorization: `DPoP ${token}` })).toBe(401);
  expect(await ask(sent)).toBe(200);
  expect(await ask(sent)).toBe(401);
  expect(verifier.refusals.at(-1)).toBe("it came before");
  const elsewhere = await authorizer.headers({ method: "POST", url: `${new URL(url).origin}/other` });
  expect(await ask(elsewhere)).toBe(401);
  expect(verifier.refusals.at(-1)).toContain("/other");

  const kept = keptLogin(user);
  expect(kept).toMatchObject({ token_type: "DPoP", dpop: { algorithm: "ES256" } });
  const form = { grant_type: "refresh_token", refresh_token: String(kept["refresh"]), client_id: clientIn(kept) };
  const stolen = await fetch(`${issuer}/token`, { method: "POST", body: new URLSearchParams(form) });
  expect([stolen.status, await stolen.json()]).toEqual([400, expect.objectContaining({ error: "invalid_grant" })]);
}, 60_000);

test("each login has a key of its own, which its code is bound to as well", async () => {
  const { url, revokeAll } = await startRealProvider({ defer }, { seconds: 60, isBound: true });
  const { user, pages } = confirmingUser();
  const authorizer = user.authorizer(url);
  await request(authorizer, url);
  const first = keptLogin(user)["dpop"];
  revokeAll();
  expect((await request(authorizer, url)).status).toBe(200);
  expect(keptLogin(user)["dpop"]).not.toEqual(first);
  expect(pages).toHaveLength(2);
  const asked = user.said.filter((text) => /^ {8}http/.test(text)).map((text) => new URL(text.trim()).searchParams);
  expect(new Set(asked.map((one) => one.get("dpop_jkt"))).size).toBe(2);
}, 60_000);

/** One with a browser with cookies, who says yes to all. */
function confirmingUser(): { user: User; pages: Promise<string>[] } {
  const user = use(makeUser());
  user.follows = false;
  const { say } = user.places;
  const pages: Promise<string>[] = [];
  user.places.say = (text) => {
    say(text);
    if (/^ {8}http/.test(text)) pages.push(confirm(text.trim()));
  };
  return { user, pages };
}

function keptLogin({ kept }: User): Record<string, unknown> {
  const [, text = "{}"] = Array.from(kept).find(([name]) => name.startsWith("oauth:")) ?? [];
  return JSON.parse(text) as Record<string, unknown>;
}

function clientIn(kept: Record<string, unknown>): string {
  return (kept["client"] as { id: string }).id;
}

/** `askAuthentication` with logins that are stored: used, renewed, no longer good; and nobody is ever asked. */
import { expect, test } from "bun:test";
import { askAuthentication } from "../../src/health/ask-authentication.ts";
import { StepLog } from "../../src/health/step-log.ts";
import { authorizerOf } from "../../src/oauth/authorizer-of.ts";
import { remoteTo } from "../../src/servers/server.ts";
import { startAuthorizationServer } from "../oauth/authorization-server.ts";
import { expire, makeUser, request, type User } from "../oauth/logging-in.ts";
import { startProtectedServer } from "../oauth/protected-server.ts";

async function ask(url: string, user: User): Promise<StepLog> {
  const remote = remoteTo(url, { retries: 0 });
  const authorizer = authorizerOf(remote, { ...user.places, ask: "never" });
  const log = new StepLog();
  await log.run("authentication", () => askAuthentication(remote, authorizer, new AbortController().signal));
  return log;
}

test("a stored login is used and renewed; where it is not good any more a login is needed, and none is begun", async () => {
  await using issuer = startAuthorizationServer();
  await using server = startProtectedServer(issuer);
  using user = makeUser();
  const logins = (): number => issuer.to("/authorize").length;
  const before = await ask(server.url, user);
  expect([before.state, before.needsAuthentication, logins()]).toEqual(["failed", true, 0]);

  await request(user.authorizer(server.url), server.url);
  expect((await ask(server.url, user)).steps).toMatchObject([
    { state: "ok", detail: "Bearer, with what is known here" },
  ]);
  expire(user);
  expect((await ask(server.url, user)).state).toBe("ok");
  issuer.access.clear();
  expect((await ask(server.url, user)).state).toBe("ok");
  issuer.access.clear();
  issuer.refresh.clear();
  const after = await ask(server.url, user);
  expect([after.state, after.needsAuthentication, logins()]).toEqual(["failed", true, 1]);
  expect(after.steps[0]?.troubles[0]?.hint).toContain("km servers login");
});

for (const transport of ["auto", "sse"] as const) {
  test(`a server with the transport ${transport} that refuses everybody, without saying how to log in`, async () => {
    const asked: string[] = [];
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch({ method }) {
        asked.push(method);
        return new Response("", { status: 403 });
      },
    });
    const remote = remoteTo(server.url.href, { transport, auth: { type: "none" }, headers: { "x-key": "wrong" } });
    const outcome = await askAuthentication(remote, undefined, new AbortController().signal);
    await server.stop(true);
    expect(outcome).toMatchObject({
      state: "failed",
      needsAuthentication: true,
      trouble: { message: "it refuses the headers that it gets (HTTP 403)" },
    });
    expect(asked).toEqual(transport === "sse" ? ["GET", "GET"] : ["POST", "POST"]);
  });
}

/** km's own side of a login against the service: what one of them sends, the other understands. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { awaitApproval, startDeviceLogin } from "../../../src/auth/device-login.ts";
import { tokenVerifier } from "../../../src/auth/verify-token.ts";
import { emptyDatabase } from "./empty-database.ts";
import { CUSTOMER, ORIGIN, startLogin } from "./login-service.ts";

setDefaultTimeout(60_000);

test("a device login waits, is approved, and its token is one that km believes", async () => {
  await using store = await emptyDatabase();
  const api = await startLogin(store.database);
  const cacheFolder = mkdtempSync(join(tmpdir(), "km-client-"));
  try {
    await api.addUser();
    const now = () => api.clock.now;
    const reach = (url: string, init: RequestInit) => fetch(url.replace(ORIGIN, api.url), init);
    const start = await startDeviceLogin(ORIGIN, reach, now);
    if (start.state !== "started") throw new Error(start.reason);
    const { grant } = start;
    expect(grant.verificationUriComplete).toBe(`${ORIGIN}/device?user_code=${grant.userCode}`);
    const waits: number[] = [];
    const login = await awaitApproval(ORIGIN, grant, {
      fetch: reach,
      now,
      sleep: async (ms) => {
        api.clock.now += waits.length === 1 ? ms - 1 : ms; // once too soon
        waits.push(ms);
        if (waits.length === 4) await api.answer(grant.userCode);
      },
    });
    expect(waits).toEqual([5000, 5000, 10_000, 10_000]);
    if (login.state !== "approved") throw new Error(login.state);
    expect(login.tokens).toMatchObject({ customer: CUSTOMER, tier: "pro", origin: ORIGIN });
    const verify = tokenVerifier({ origin: ORIGIN, cacheFolder, fetch: reach, now });
    expect(await verify(login.tokens.access)).toMatchObject({
      state: "valid",
      claims: { subject: "usr_1", customer: CUSTOMER, tier: "pro" },
    });
  } finally {
    await api.stop();
    rmSync(cacheFolder, { recursive: true, force: true });
  }
});

/** The begin of a device login (RFC 8628, sections 3.1 and 3.2). */
import { authorizeDevice } from "../../api/contract/oauth.ts";
import type { Database } from "../../store/database.ts";
import { addDeviceCode, type DeviceCode } from "../../store/device-codes.ts";
import { hashSecret } from "../../store/hash-secret.ts";
import type { Deps } from "../deps.ts";
import { route } from "../handler.ts";
import { refuseClient, refuseScope, SCOPES } from "./clients.ts";
import { makeOpaqueToken } from "./opaque-token.ts";
import { makeUserCode } from "./user-code.ts";

/** Short, as somebody waits for it, and because a user code is guessed only while it is good. */
const LIFE_MS = 10 * 60_000;
const INTERVAL_S = 5;
/** With a million logins under way, one of 26,000 user codes is taken already. */
const MOST_ATTEMPTS = 5;

export const authorizeDeviceRoute = route(
  authorizeDevice,
  async ({ body, request, now }, { database, origin }: Deps) => {
    const refused = refuseClient(body.client_id) ?? refuseScope(body.scope);
    if (refused !== undefined) return refused;
    const deviceCode = makeOpaqueToken();
    const userCode = await keep(
      database,
      {
        id: `dev_${crypto.randomUUID()}`,
        code_hash: hashSecret(deviceCode),
        client: body.client_id,
        scope: body.scope ?? SCOPES.join(" "),
        interval_s: INTERVAL_S,
        expires_at: now + LIFE_MS,
        address: request.address,
      },
      now,
    );
    const page = `${origin}/device`;
    return {
      body: {
        device_code: deviceCode,
        user_code: userCode,
        verification_uri: page,
        verification_uri_complete: `${page}?user_code=${userCode}`,
        expires_in: LIFE_MS / 1000,
        interval: INTERVAL_S,
      },
    };
  },
);

async function keep(database: Database, code: Omit<DeviceCode, "user_code">, now: number): Promise<string> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const userCode = makeUserCode();
    if (await addDeviceCode(database, { ...code, user_code: userCode }, now)) return userCode;
  }
  throw new Error("No user code is free");
}

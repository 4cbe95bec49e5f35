/** `revokeLogin`: asks the API to end a login (RFC 7009). */
import { askApi, type Fetch } from "./ask-api.ts";
import { CLIENT_ID } from "./refresh.ts";

export type Revoked = { state: "revoked" } | { state: "failed"; reason: string };

export async function revokeLogin(origin: string, refreshToken: string, fetch: Fetch): Promise<Revoked> {
  const form = { token: refreshToken, token_type_hint: "refresh_token", client_id: CLIENT_ID };
  const answer = await askApi(fetch, `${origin}/oauth/revoke`, { form });
  if (answer.state === "failed") return { state: "failed", reason: `the API cannot be reached: ${answer.reason}` };
  if (answer.status !== 200) return { state: "failed", reason: `the API answered ${answer.status}` };
  return { state: "revoked" };
}

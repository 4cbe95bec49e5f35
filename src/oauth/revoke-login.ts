/** `revokeLogin`: ends a login at its authorization server (RFC 7009). */
import type { Asker } from "./asker.ts";
import { whyNot } from "./client.ts";
import { proofOf } from "./client-proof.ts";
import type { Login } from "./login.ts";

export type Revoked = { state: "revoked" } | { state: "failed"; reason: string };

/** @throws KmError where the endpoint is not safe, or the client's key cannot be used */
export async function revokeLogin(login: Login, asker: Asker, keyFile: string | undefined): Promise<Revoked> {
  const {
    server,
    issuer,
    client,
    access,
    refresh,
    revocation_endpoint: endpoint,
    signing_algorithms: algorithms,
  } = login;
  if (endpoint === null) return { state: "failed", reason: "it has no way to do so" };
  const proof = await proofOf(client, { server, issuer, keyFile, algorithms });
  const token =
    refresh === null
      ? { token: access, token_type_hint: "access_token" }
      : { token: refresh, token_type_hint: "refresh_token" };
  const answer = await asker.post(endpoint, "the revocation endpoint", {
    form: { ...token, ...proof.form },
    headers: proof.headers,
  });
  const isDone = answer.state === "answered" && answer.status === 200;
  return isDone ? { state: "revoked" } : { state: "failed", reason: whyNot(answer) };
}

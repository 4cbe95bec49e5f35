/**
 * `workloadAssertion`: the token with which a platform says which program this is (RFC 7523, section 2.1). The server names
 * who is to get it, and whoever has it can use it where it is good: so it goes nowhere else.
 */
import { echoed } from "../echoed.ts";
import type { RemoteWorkload } from "../http/remote.ts";
import { shownSource } from "../servers/shown-source.ts";
import { claimsOf, isOver } from "./jwt-claims.ts";
import type { LoginContext } from "./login-context.ts";
import { cannotLogIn } from "./login-error.ts";
import { readToken } from "./token-source.ts";

/** @throws KmError LGN_002 where there is none, or none for this authorization server */
export async function workloadAssertion(
  { url, auth, places }: Pick<LoginContext<RemoteWorkload>, "url" | "auth" | "places">,
  target: { issuer: string; tokenEndpoint: string },
): Promise<string> {
  const { assertion: source, audience } = auth;
  const where = `the token of this workload, ${shownSource(source)},`;
  const unusable = (reason: string, hint: string) => cannotLogIn("LGN_002", url, `${where} ${reason}`, { hint });
  const read = await readToken(source, {
    env: places.env,
    audience: audience ?? target.tokenEndpoint,
    signal: places.signal,
  });
  if (read.state === "failed") {
    throw unusable(`cannot be had: ${read.reason}`, "See auth.assertion of the server in servers.yaml.");
  }
  const claims = await claimsOf(read.token);
  if (claims === undefined) throw unusable("is no JWT", "See auth.assertion of the server in servers.yaml.");
  if (isOver(claims, Date.now())) {
    throw unusable("has expired", "It is read anew each time: see what is to renew it.");
  }
  const bare = target.issuer.replace(/\/$/, "");
  const good = new Set([bare, `${bare}/`, target.tokenEndpoint, audience]);
  if (claims.aud.some((one) => good.has(one))) return read.token;
  const found = claims.aud.length === 0 ? "nobody" : echoed(claims.aud.join(", "));
  throw unusable(
    `is for ${found}, and not for ${echoed(target.issuer)}`,
    `Have one made whose audience is ${echoed(target.tokenEndpoint)}. Where that authorization server goes by another name, give that as auth.audience, with auth.issuer.`,
  );
}

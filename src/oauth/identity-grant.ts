/**
 * `identityGrant`: an identity provider's word that this user may use that server by this client (an ID-JAG): what it
 * knows of the user, an ID token, is exchanged for it (RFC 8693; draft-ietf-oauth-identity-assertion-authz-grant).
 */
import * as v from "valibot";
import { echoed } from "../echoed.ts";
import type { RemoteEnterprise } from "../http/remote.ts";
import { clientWith, whyNot } from "./client.ts";
import { proofOf } from "./client-proof.ts";
import { findIssuer } from "./issuer-metadata.ts";
import type { LoginContext } from "./login-context.ts";
import { cannotLogIn, loginCommand } from "./login-error.ts";
import { signOn } from "./sign-on.ts";

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
const ID_JAG = "urn:ietf:params:oauth:token-type:id-jag";

const Exchanged = v.object({
  access_token: v.pipe(v.string(), v.maxLength(32_768), v.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/)),
  issued_token_type: v.literal(ID_JAG),
});

/**
 * @param mayAsk whether a person may be sent to the identity provider
 * @returns undefined where a person would have to be
 * @throws KmError LGN_001 to LGN_003
 */
export async function identityGrant(
  context: LoginContext<RemoteEnterprise>,
  target: { issuer: string; resource: string | null; scopes: string[] },
  mayAsk: boolean,
): Promise<string | undefined> {
  const { url, auth, places } = context;
  const { idp } = auth;
  // The user has named it: how near it is, is not the server's affair.
  const asker = context.asker.at(idp.issuer);
  const issuer = await findIssuer(url, idp.issuer, asker, "the identity provider");
  const subject = await signOn({ ...context, asker }, issuer, mayAsk);
  if (subject === undefined) return undefined;
  const proof = await proofOf(clientWith(idp.clientId, idp, issuer.clientMethods), {
    server: url,
    issuer: issuer.id,
    keyFile: idp.clientKey,
    algorithms: issuer.signingAlgorithms,
  });
  const answer = await asker.post(issuer.tokenEndpoint, "the identity provider's token endpoint", {
    form: {
      grant_type: EXCHANGE,
      requested_token_type: ID_JAG,
      subject_token: subject,
      subject_token_type: ID_TOKEN,
      audience: target.issuer,
      ...(target.resource !== null && { resource: target.resource }),
      ...(target.scopes.length > 0 && { scope: target.scopes.join(" ") }),
      ...proof.form,
    },
    headers: proof.headers,
  });
  const given = answer.state === "answered" && answer.status === 200 ? v.safeParse(Exchanged, answer.json) : undefined;
  if (given?.success) return given.output.access_token;
  const reason = given === undefined ? whyNot(answer) : "its answer holds none";
  throw cannotLogIn("LGN_003", url, `the identity provider ${echoed(issuer.id)} does not vouch for you: ${reason}`, {
    hint: `Ask who runs it whether you may use this server. To sign on anew, ${loginCommand(url, places, "logout")}, then log in.`,
  });
}

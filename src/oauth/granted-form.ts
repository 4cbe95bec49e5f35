/** `grantedForm`: what a token endpoint is asked with where no code of a browser is to be had. */
import type { RemoteLogin } from "../http/remote.ts";
import { identityGrant } from "./identity-grant.ts";
import type { Login } from "./login.ts";
import type { LoginContext } from "./login-context.ts";
import { workloadAssertion } from "./workload-assertion.ts";

export interface GrantTarget {
  issuer: string;
  tokenEndpoint: string;
  /** Null where the server names none. */
  resource: string | null;
  scopes: string[];
}

const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/**
 * Made anew for each request: assertions are short-lived.
 *
 * @param mayAsk whether a person may be sent to the identity provider
 * @returns undefined where a person would have to be
 * @throws KmError LGN_001 to LGN_003
 */
export async function grantedForm(
  context: LoginContext,
  target: GrantTarget,
  mayAsk: boolean,
): Promise<Record<string, string> | undefined> {
  const { auth } = context;
  const { resource, scopes } = target;
  const wanted = { ...(resource !== null && { resource }), ...(scopes.length > 0 && { scope: scopes.join(" ") }) };
  switch (auth.type) {
    case "oauth":
      return { grant_type: "client_credentials", ...wanted };
    case "workload":
      // A command is told of it.
      await context.asker.permit(target.tokenEndpoint, "the token endpoint");
      return { grant_type: JWT_BEARER, assertion: await workloadAssertion({ ...context, auth }, target), ...wanted };
    case "enterprise": {
      const assertion = await identityGrant({ ...context, auth }, target, mayAsk);
      return assertion === undefined ? undefined : { grant_type: JWT_BEARER, assertion, ...wanted };
    }
  }
}

export function grantOf(auth: RemoteLogin): Login["grant"] {
  return auth.type === "oauth" ? (auth.grant ?? "authorization_code") : auth.type;
}

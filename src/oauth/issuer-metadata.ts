/** `findIssuer`: what an authorization server says of itself (RFC 8414, OpenID Connect Discovery). */
import * as v from "valibot";
import { echoed } from "../echoed.ts";
import type { Asker } from "./asker.ts";
import { cannotLogIn } from "./login-error.ts";

export interface Issuer {
  /** As it is written in its own metadata: what is compared with it is compared as text. */
  id: string;
  authorizationEndpoint: string | undefined;
  tokenEndpoint: string;
  registrationEndpoint: string | undefined;
  revocationEndpoint: string | undefined;
  scopes: string[];
  /** How clients prove who they are at the token endpoint. */
  clientMethods: string[];
  signingAlgorithms: string[];
  /** Undefined for one without metadata, of which nothing is known. */
  challengeMethods: string[] | undefined;
  /** For proofs of possession (RFC 9449); empty for one that binds no tokens, or says nothing of it. */
  dpopAlgorithms: string[];
  takesClientDocuments: boolean;
  /** Whether it names itself in each answer to an authorization request (RFC 9207). */
  namesItself: boolean;
}

const Text = v.pipe(v.string(), v.maxLength(2048));
const Texts = v.optional(v.array(v.string()), []);

const Metadata = v.object({
  issuer: Text,
  authorization_endpoint: v.optional(Text),
  token_endpoint: Text,
  registration_endpoint: v.optional(Text),
  revocation_endpoint: v.optional(Text),
  scopes_supported: Texts,
  token_endpoint_auth_methods_supported: v.optional(v.array(v.string()), ["client_secret_basic"]),
  token_endpoint_auth_signing_alg_values_supported: Texts,
  code_challenge_methods_supported: Texts,
  dpop_signing_alg_values_supported: Texts,
  client_id_metadata_document_supported: v.optional(v.boolean(), false),
  authorization_response_iss_parameter_supported: v.optional(v.boolean(), false),
});

const OAUTH = "/.well-known/oauth-authorization-server";
const OPENID = "/.well-known/openid-configuration";

/**
 * @param named the issuer that the server's metadata names; undefined where it has none, as before 2025-06-18: it is then
 *   the server's own origin
 * @param who what it is, as messages say
 * @throws KmError LGN_001 where it is another's metadata, LGN_003 where there is none
 */
export async function findIssuer(
  server: string,
  named: string | undefined,
  asker: Asker,
  who = "its authorization server",
): Promise<Issuer> {
  const issuer = named ?? new URL(server).origin;
  await asker.permit(issuer, who);
  let trouble: string | undefined;
  for (const place of placesOf(issuer)) {
    const answer = await asker.get(place, `the address of ${who}`);
    if (answer.state === "failed") trouble ??= answer.reason;
    else if (answer.status >= 500 || answer.status === 429) trouble ??= `it answered ${answer.status}`;
    const metadata =
      answer.state === "answered" && answer.status === 200 ? v.safeParse(Metadata, answer.json) : undefined;
    if (metadata?.success) return checked(server, { issuer, who, isOld: named === undefined }, metadata.output);
  }
  if (named === undefined && trouble === undefined) return withoutMetadata(issuer);
  throw cannotLogIn(
    "LGN_003",
    server,
    `${who} ${echoed(issuer)} ${trouble === undefined ? "publishes no metadata" : `cannot be asked: ${trouble}`}`,
    {
      hint: trouble === undefined ? "Ask who runs the server." : "Try again; if it stays so, ask who runs the server.",
    },
  );
}

function placesOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  if (path === "") return [`${origin}${OAUTH}`, `${origin}${OPENID}`];
  return [`${origin}${OAUTH}${path}`, `${origin}${OPENID}${path}`, `${origin}${path}${OPENID}`];
}

/** RFC 8414, section 3.3. Before 2025-06-18 the server's own origin spoke for any issuer there: what it names is taken. */
function checked(
  server: string,
  { issuer, who, isOld }: { issuer: string; who: string; isOld: boolean },
  metadata: v.InferOutput<typeof Metadata>,
): Issuer {
  const found = metadata.issuer;
  if (found !== issuer && !(isOld && URL.parse(found)?.origin === issuer)) {
    throw cannotLogIn(
      "LGN_001",
      server,
      `${who} is ${echoed(issuer)}, and what is published there is that of ${echoed(found)}`,
      { hint: "The two must be the same, to the letter. Ask who runs the server." },
    );
  }
  return {
    id: found,
    authorizationEndpoint: metadata.authorization_endpoint,
    tokenEndpoint: metadata.token_endpoint,
    registrationEndpoint: metadata.registration_endpoint,
    revocationEndpoint: metadata.revocation_endpoint,
    scopes: metadata.scopes_supported,
    clientMethods: metadata.token_endpoint_auth_methods_supported,
    signingAlgorithms: metadata.token_endpoint_auth_signing_alg_values_supported,
    challengeMethods: metadata.code_challenge_methods_supported,
    dpopAlgorithms: metadata.dpop_signing_alg_values_supported,
    takesClientDocuments: metadata.client_id_metadata_document_supported,
    namesItself: metadata.authorization_response_iss_parameter_supported,
  };
}

/** The endpoints that the revision 2025-03-26 supposes. */
function withoutMetadata(origin: string): Issuer {
  return {
    id: origin,
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    registrationEndpoint: `${origin}/register`,
    revocationEndpoint: undefined,
    scopes: [],
    clientMethods: ["none", "client_secret_post"],
    signingAlgorithms: [],
    challengeMethods: undefined,
    dpopAlgorithms: [],
    takesClientDocuments: false,
    namesItself: false,
  };
}

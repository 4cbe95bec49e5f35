/** `clientFor`: as which client km asks an authorization server: configured, by its metadata document, or registered. */
import * as v from "valibot";
import { echoed } from "../echoed.ts";
import type { RemoteClient } from "../http/remote.ts";
import type { Answer, Asker } from "./asker.ts";
import type { Issuer } from "./issuer-metadata.ts";
import { cannotLogIn } from "./login-error.ts";
import type { OAuthPlaces } from "./places.ts";

const CLIENT_METHODS = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"] as const;

/** Of one that is `unidentified`, what it was granted with says who asks. */
type ClientMethod = (typeof CLIENT_METHODS)[number] | "unidentified";

/** As it is kept. */
export const ClientSchema = v.object({
  id: v.string(),
  secret: v.optional(v.string()),
  method: v.picklist([...CLIENT_METHODS, "unidentified"]),
});

export interface Client {
  id: string;
  secret?: string | undefined;
  method: ClientMethod;
}

/** What an authorization server gave in a registration, kept for the next login. */
const RegistrationSchema = v.object({
  version: v.literal(1),
  issuer: v.string(),
  redirect: v.string(),
  /** Those that were named, beyond which some authorization servers let nobody ask. */
  scopes: v.array(v.string()),
  client: ClientSchema,
  /** Milliseconds; null for a secret that does not expire. */
  expires_at: v.nullable(v.number()),
});

type Registration = v.InferOutput<typeof RegistrationSchema>;

export interface ClientWish {
  server: string;
  auth: RemoteClient;
  issuer: Issuer;
  /** Where the browser comes back to. */
  redirect: string;
  scopes: string[];
}

/**
 * Credentials are for the one issuer that gave them.
 *
 * @throws KmError LGN_002 where there is no way to become a client, LGN_003 where a registration fails
 */
export async function clientFor(wish: ClientWish, places: OAuthPlaces, asker: Asker): Promise<Client> {
  const { server, auth, issuer, redirect, scopes } = wish;
  const configured = configuredClient(auth, issuer);
  if (configured !== undefined) return configured;
  const known = await readRegistration(places, issuer.id);
  if (known?.redirect === redirect && scopes.every((scope) => known.scopes.includes(scope))) return known.client;
  if (issuer.registrationEndpoint === undefined) {
    throw cannotLogIn("LGN_002", server, `${echoed(issuer.id)} does not register clients by itself`, {
      hint: "Have km registered there, and give the client ID to the server in servers.yaml: auth.client_id.",
    });
  }
  const registration = await register(wish, issuer.registrationEndpoint, asker);
  await keepRegistration(places, registration);
  return registration.client;
}

/** The port that the last registration with that issuer named, to come back to the same address. */
export async function registeredRedirect(places: OAuthPlaces, issuer: string): Promise<string | undefined> {
  return (await readRegistration(places, issuer))?.redirect;
}

/** As the registry has it; undefined where it has none that this authorization server takes. */
export function configuredClient(
  { clientId, clientSecret, clientKey, clientMetadataUrl }: RemoteClient,
  { clientMethods, takesClientDocuments }: Pick<Issuer, "clientMethods" | "takesClientDocuments">,
): Client | undefined {
  if (clientId !== undefined) return clientWith(clientId, { clientSecret, clientKey }, clientMethods);
  // A document is published: it has no secret.
  if (clientMetadataUrl === undefined || !takesClientDocuments) return undefined;
  return clientWith(clientMetadataUrl, { clientKey }, clientMethods);
}

/** @param offered how clients prove there who they are */
export function clientWith(
  id: string,
  { clientSecret, clientKey }: Pick<RemoteClient, "clientSecret" | "clientKey">,
  offered: string[],
): Client {
  if (clientKey !== undefined) return { id, method: "private_key_jwt" };
  return { id, secret: clientSecret, method: methodWith(clientSecret, offered) };
}

function methodWith(secret: string | undefined, offered: string[]): ClientMethod {
  if (secret === undefined) return "none";
  const usable = (["client_secret_basic", "client_secret_post"] as const).find((method) => offered.includes(method));
  // One that lists only `none` gives a secret that nobody asks for.
  return usable ?? (offered.includes("none") ? "none" : "client_secret_basic");
}

export async function forgetRegistration(places: OAuthPlaces, issuer: string): Promise<void> {
  await places.store.remove(registrationName(issuer)).catch(() => undefined);
}

function registrationName(issuer: string): string {
  return `oauth-client:${issuer}`;
}

async function readRegistration({ store }: OAuthPlaces, issuer: string): Promise<Registration | undefined> {
  // Without the store there is another registration for each login.
  const text = await store.get(registrationName(issuer)).catch(() => undefined);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), RegistrationSchema), text);
  if (!parsed.success || parsed.output.issuer !== issuer) return undefined;
  const { expires_at: expiresAt } = parsed.output;
  return expiresAt !== null && expiresAt <= Date.now() ? undefined : parsed.output;
}

async function keepRegistration({ store }: OAuthPlaces, registration: Registration): Promise<void> {
  await store.set(registrationName(registration.issuer), JSON.stringify(registration)).catch(() => undefined);
}

/** RFC 7591, section 3.2.1. */
const RegistrationAnswer = v.object({
  client_id: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  client_secret: v.optional(v.pipe(v.string(), v.maxLength(16_384))),
  client_secret_expires_at: v.optional(v.number(), 0),
  token_endpoint_auth_method: v.optional(v.string()),
});

async function register(
  { server, issuer, redirect, scopes }: ClientWish,
  endpoint: string,
  asker: Asker,
): Promise<Registration> {
  const wished = (["none", "client_secret_basic", "client_secret_post"] as const).find((method) =>
    issuer.clientMethods.includes(method),
  );
  const json = {
    client_name: "km",
    redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "native",
    token_endpoint_auth_method: wished ?? "none",
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
  };
  const answer = await asker.post(endpoint, "the registration endpoint", { json });
  const given =
    answer.state === "answered" && answer.status < 300 ? v.safeParse(RegistrationAnswer, answer.json) : undefined;
  if (!given?.success && issuer.challengeMethods === undefined) {
    throw cannotLogIn("LGN_002", server, "it wants to know who asks, and says nothing of a login", {
      hint: "If it takes a token or a key, give that as auth of the server in servers.yaml, or with --header.",
    });
  }
  if (!given?.success) {
    throw cannotLogIn("LGN_003", server, `${echoed(issuer.id)} does not register km: ${whyNot(answer)}`, {
      hint: "Have km registered there by hand, and give the client ID to the server in servers.yaml: auth.client_id.",
    });
  }
  const { client_id: id, client_secret: secret, client_secret_expires_at: expires } = given.output;
  const told = CLIENT_METHODS.find((method) => method === given.output.token_endpoint_auth_method);
  // A key was not registered.
  const method = told === undefined || told === "private_key_jwt" ? methodWith(secret, issuer.clientMethods) : told;
  return {
    version: 1,
    issuer: issuer.id,
    redirect,
    scopes,
    client: { id, ...(secret !== undefined && { secret }), method },
    expires_at: expires > 0 ? expires * 1000 : null,
  };
}

const Refusal = v.object({ error: v.string(), error_description: v.optional(v.string()) });

/** What a refusal says, for a line of text. */
export function whyNot(answer: Answer): string {
  if (answer.state === "failed") return answer.reason;
  const refusal = v.safeParse(Refusal, answer.json);
  if (!refusal.success) return `it answered ${answer.status}`;
  const { error, error_description: description } = refusal.output;
  return echoed(description === undefined ? error : `${error} (${description})`, 300);
}

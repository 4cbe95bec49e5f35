/** `logIn`: a login from the server's challenge to the token, by the specification's authorization of 2025-03-26 to 2026-07-28. */
import { echoed } from "../echoed.ts";
import { authorize } from "./authorize.ts";
import type { Challenge } from "./challenge.ts";
import { configuredClient } from "./client.ts";
import { findIssuer, type Issuer } from "./issuer-metadata.ts";
import { type Login, newLogin } from "./login.ts";
import type { LoginContext, LoginTarget } from "./login-context.ts";
import { cannotLogIn, loginCommand } from "./login-error.ts";
import type { OAuthPlaces } from "./places.ts";
import { clientCredentialsForm } from "./renew.ts";
import { findResource } from "./resource-metadata.ts";
import { scopesFor } from "./scopes.ts";
import { requestTokens } from "./token-request.ts";

export interface LoginWish {
  challenge: Challenge;
  /** The one that is to be replaced. */
  before: Login | undefined;
  /** Whether the server has asked for a login: others may name an authorization server, and need not. */
  isRefused: boolean;
  /** Resolves with a login that came another way, and then nobody is waited for here. */
  elsewhere?: (signal: AbortSignal) => Promise<Login>;
}

/** @throws KmError LGN_001 to LGN_003; the reason of the places' signal */
export async function logIn(context: LoginContext, wish: LoginWish): Promise<Login> {
  const { url, auth, places, asker } = context;
  const isForPerson = auth.grant !== "client_credentials";
  if (isForPerson && places.ask === "never") throw wantsLogin(url, places);
  const resource = await findResource(url, wish.challenge, asker);
  if (resource === undefined && !wish.isRefused) {
    throw cannotLogIn("LGN_002", url, "it does not ask for a login", { hint: "It can be used as it is." });
  }
  const issuer = await findIssuer(url, resource?.issuer, asker);
  const { before } = wish;
  checkIssuer(context, before, issuer);
  const scopes = scopesFor({
    challenged: wish.challenge.scopes,
    supported: resource?.scopes,
    configured: auth.scopes,
    before: before?.issuer === issuer.id ? before.asked : [],
    offered: isForPerson ? issuer.scopes : [],
  });
  const target = { resource: resource?.id, issuer, scopes };
  if (!isForPerson) return await withClientCredentials(context, target);
  return await authorize(context, target, wish.elsewhere);
}

function wantsLogin(url: string, places: OAuthPlaces) {
  return cannotLogIn("LGN_002", url, "it wants a login, and nobody is asked here", {
    hint: `Run ${loginCommand(url, places)}.`,
  });
}

/** What was given for one authorization server must not go to another, whoever names it. */
function checkIssuer({ url, auth, places }: LoginContext, before: Login | undefined, { id }: Issuer): void {
  if (auth.issuer !== undefined && auth.issuer !== id) {
    throw cannotLogIn(
      "LGN_001",
      url,
      `it names the authorization server ${echoed(id)}, and not ${echoed(auth.issuer)}`,
      {
        hint: "If that is right, change auth.issuer of the server in servers.yaml, and the client with it.",
      },
    );
  }
  const isPinned = auth.issuer === undefined && auth.clientId !== undefined && before?.client.id === auth.clientId;
  if (isPinned && before.issuer !== id) {
    throw cannotLogIn(
      "LGN_001",
      url,
      `it now names the authorization server ${echoed(id)}, and the client ID was used with ${echoed(before.issuer)}`,
      { hint: `If that is right, run ${loginCommand(url, places, "logout")}, and log in again.` },
    );
  }
}

async function withClientCredentials(context: LoginContext, target: LoginTarget): Promise<Login> {
  const { url, auth, asker, store } = context;
  const { issuer, resource, scopes } = target;
  const client = configuredClient(auth, issuer);
  if (auth.clientId === undefined || client.method === "none") {
    throw cannotLogIn("LGN_002", url, "the grant client_credentials needs a client with a secret or a key", {
      hint: "Give auth.client_id with auth.client_secret or auth.client_key to the server in servers.yaml.",
    });
  }
  const now = Date.now();
  const answer = await requestTokens(
    asker,
    {
      server: url,
      issuer: issuer.id,
      keyFile: auth.clientKey,
      algorithms: issuer.signingAlgorithms,
      endpoint: issuer.tokenEndpoint,
      client,
      form: clientCredentialsForm(resource ?? null, scopes),
    },
    now,
  );
  if (answer.state !== "tokens") {
    throw cannotLogIn("LGN_003", url, `${echoed(issuer.id)} gives no token: ${answer.reason}`, {
      hint: "Check the client's ID and its secret or key, and what it may do there.",
    });
  }
  const parts = { server: store.server, resource, issuer, client, grant: "client_credentials", asked: scopes } as const;
  return newLogin(parts, answer.tokens, now);
}

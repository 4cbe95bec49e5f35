/** `logIn`: a login from the server's challenge to the token, by the specification's authorization of 2025-03-26 to 2026-07-28. */
import { echoed } from "../echoed.ts";
import type { RemoteLogin } from "../http/remote.ts";
import type { Elsewhere } from "./ask-in-turn.ts";
import { authorize } from "./authorize.ts";
import type { Challenge } from "./challenge.ts";
import { type Client, configuredClient } from "./client.ts";
import { newDpopKey } from "./dpop.ts";
import { type DpopSituation, dpopUse } from "./dpop-use.ts";
import { grantedForm, grantOf } from "./granted-form.ts";
import { isSafe, notSafe } from "./is-safe.ts";
import { findIssuer, type Issuer } from "./issuer-metadata.ts";
import type { Login } from "./login.ts";
import type { LoginContext, LoginTarget } from "./login-context.ts";
import { cannotLogIn, loginCommand, wantsLogin } from "./login-error.ts";
import { obtainLogin } from "./obtain-login.ts";
import { findResource } from "./resource-metadata.ts";
import { scopesFor } from "./scopes.ts";
import type { Binding } from "./token-request.ts";

export interface LoginWish {
  challenge: Challenge;
  /** The one that is to be replaced. */
  before: Login | undefined;
  /** Whether the server has asked for a login: others may name an authorization server, and need not. */
  isRefused: boolean;
  /** Resolves with a login that came another way, and then nobody is waited for here. */
  elsewhere?: Elsewhere;
}

/** @throws KmError LGN_001 to LGN_003; the reason of the places' signal */
export async function logIn(context: LoginContext, wish: LoginWish): Promise<Login> {
  const { url, auth, places, asker } = context;
  if (!isSafe(url)) throw notSafe(url);
  const isByCode = auth.type === "oauth" && grantOf(auth) === "authorization_code";
  if (isByCode && places.ask === "never") throw wantsLogin(url, places);
  const resource = await findResource(url, wish.challenge, asker);
  if (resource === undefined && !wish.isRefused) {
    throw cannotLogIn("LGN_002", url, "it does not ask for a login", { hint: "It can be used as it is." });
  }
  const issuer = await findIssuer(url, resource?.issuer, asker);
  const { before, challenge } = wish;
  checkIssuer(context, before, issuer);
  const scopes = scopesFor({
    challenged: challenge.scopes,
    supported: resource?.scopes,
    configured: auth.scopes,
    before: before?.issuer === issuer.id ? before.asked : [],
    offered: isByCode ? issuer.scopes : [],
  });
  const binding = await bindingFor(url, { setting: auth.dpop, challenge, resource, issuer });
  const target = { resource: resource?.id, issuer, scopes, binding };
  if (isByCode) return await authorize({ ...context, auth }, target, wish.elsewhere);
  return await withoutCode(context, target);
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

/** A key for this login alone, where its tokens are to be bound to one. */
async function bindingFor(url: string, situation: DpopSituation): Promise<Binding | undefined> {
  const use = dpopUse(situation);
  switch (use.state) {
    case "unused":
      return undefined;
    case "used":
      return { key: await newDpopKey(use.algorithm), isRequired: use.isRequired };
    case "impossible":
      throw cannotLogIn(
        "LGN_001",
        url,
        `its tokens have to be bound to a key (DPoP), by an algorithm that km does not have: ${echoed(use.offered.join(", "))}`,
        { hint: "Ask who runs the server for ES256." },
      );
  }
}

async function withoutCode(context: LoginContext, target: LoginTarget): Promise<Login> {
  const { url, auth, places } = context;
  const { issuer, resource = null, scopes } = target;
  const client = clientOf(context, issuer);
  const grant = { issuer: issuer.id, tokenEndpoint: issuer.tokenEndpoint, resource, scopes };
  const form = await grantedForm(context, grant, places.ask !== "never");
  if (form === undefined) throw wantsLogin(url, places);
  return await obtainLogin(context, target, { client, grant: grantOf(auth), form, hint: HINTS[auth.type] });
}

const HINTS: Record<RemoteLogin["type"], string> = {
  oauth: "Check the client's ID and its secret or key, and what it may do there.",
  workload: "Ask who runs the authorization server whether it trusts who made the token, and knows this workload.",
  enterprise:
    "Ask who runs the server whether its authorization server trusts your identity provider, and knows this client.",
};

function clientOf({ url, auth }: LoginContext, issuer: Issuer): Client {
  const client = configuredClient(auth, issuer);
  switch (auth.type) {
    case "workload":
      return client ?? { id: "", method: "unidentified" };
    case "enterprise":
      if (client !== undefined) return client;
      throw cannotLogIn("LGN_002", url, `${echoed(issuer.id)} wants to know which client asks`, {
        hint: "Have km registered there, and give auth.client_id, and its secret or key, to the server in servers.yaml.",
      });
    case "oauth":
      if (client !== undefined && client.method !== "none") return client;
      throw cannotLogIn("LGN_002", url, "the grant client_credentials needs a client with a secret or a key", {
        hint: "Give auth.client_id with auth.client_secret or auth.client_key to the server in servers.yaml.",
      });
  }
}

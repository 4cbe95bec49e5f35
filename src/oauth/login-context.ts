/** `LoginContext`: what the steps of one login share. */
import type { RemoteOAuth } from "../http/remote.ts";
import type { Asker } from "./asker.ts";
import type { Issuer } from "./issuer-metadata.ts";
import type { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";

export interface LoginContext {
  /** Address of the server. */
  url: string;
  auth: RemoteOAuth;
  places: OAuthPlaces;
  asker: Asker;
  store: LoginStore;
}

/** What a token is wanted for, and from whom. */
export interface LoginTarget {
  /** Undefined where the server names none. */
  resource: string | undefined;
  issuer: Issuer;
  scopes: string[];
}

/** `LoginContext`: what the steps of one login share. */
import type { RemoteLogin } from "../http/remote.ts";
import type { Asker } from "./asker.ts";
import type { Issuer } from "./issuer-metadata.ts";
import type { LoginStore } from "./login-store.ts";
import type { OAuthPlaces } from "./places.ts";
import type { Binding } from "./token-request.ts";

export interface LoginContext<Auth extends RemoteLogin = RemoteLogin> {
  /** Address of the server. */
  url: string;
  auth: Auth;
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
  /** Undefined for tokens that are bound to nothing. */
  binding: Binding | undefined;
  /** Whether it is to learn who the user is, and not for a server. */
  isSignOn?: boolean;
}

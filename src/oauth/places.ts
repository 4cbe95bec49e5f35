/** `OAuthPlaces`: what the authorization client has of its surroundings. */
import type { Environment } from "../config/paths.ts";

export interface OAuthPlaces {
  /** Where tokens and registrations lie. */
  store: SecretTexts;
  /** For locks and stamps, which hold no secret. */
  folder: string;
  env: Environment;
  /** A line for the user, on stderr. */
  say(text: string): void;
  /** Of the server in the registry, for what is said. */
  name?: string | undefined;
  /** How a person is asked to log in: by a browser that is opened, by an address alone, or not at all. */
  ask: "browser" | "address" | "never";
  /** Ends a login that is waited for. */
  signal?: AbortSignal | undefined;
}

export interface SecretTexts {
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  remove(name: string): Promise<unknown>;
}

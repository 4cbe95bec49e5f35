/** `loginPlaces`: what logins to servers need, for commands and for the process that speaks to a server. */
import { join } from "node:path";
import { paths } from "../../context.ts";
import type { OAuthPlaces } from "../../oauth/places.ts";
import { say } from "../say.ts";
import { ownSecrets } from "./own-secrets.ts";

export interface LoginPlacesOptions extends Pick<OAuthPlaces, "ask" | "name" | "signal"> {
  /** Whether somebody may be asked for a passphrase: never in a process whose stdin is an MCP client's. */
  mayAsk: boolean;
  /** In place of km's lines on stderr. */
  say?: (text: string) => void;
}

export function loginPlaces({ mayAsk, ...options }: LoginPlacesOptions): OAuthPlaces {
  return {
    say,
    ...options,
    store: ownSecrets(mayAsk),
    folder: join(paths().state, "oauth"),
    env: process.env,
  };
}

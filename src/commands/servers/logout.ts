/** `km servers logout`: ends a login to a server, there and here. */
import { defineCommand } from "../../command.ts";
import { KmError, messageOf } from "../../errors.ts";
import { shownUrl } from "../../http/shown-url.ts";
import { Asker } from "../../oauth/asker.ts";
import { forgetRegistration } from "../../oauth/client.ts";
import { LoginStore } from "../../oauth/login-store.ts";
import { revokeLogin, type Revoked } from "../../oauth/revoke-login.ts";
import { printable } from "../../terminal.ts";
import { signOnStore } from "../../oauth/sign-on.ts";
import { say } from "../say.ts";
import { loginPlaces } from "./login-places.ts";
import { loginTarget } from "./login-target.ts";

export default defineCommand({
  meta: { name: "logout", description: "End the login to a server" },
  args: {
    name: { type: "positional", required: false, description: "Its name", complete: "registered-server" },
    url: { type: "string", valueHint: "url", description: "Its address, in place of a name" },
  },
  examples: ["km servers logout github", "km servers logout --url https://mcp.example.com/mcp"],
  async run({ name, url }) {
    const { remote, auth } = await loginTarget(name, url);
    const places = loginPlaces({ name, ask: "never", mayAsk: true });
    const store = new LoginStore(remote.url, places);
    const lock = await store.lock();
    if (lock.state === "busy") {
      throw new KmError("LGN_002", `Cannot log out of ${shownUrl(remote.url)}: another km is at it for too long`, {
        hint: "Nothing was changed: try again.",
      });
    }
    try {
      // Nothing else ends it, and what it was for asks anew.
      if (auth.type === "enterprise") await signOnStore(auth.idp, places).forget();
      const login = await store.readKept();
      if (login === undefined) {
        say(`Nobody was logged in to ${shownUrl(remote.url)}`);
        return 0;
      }
      const revoked = await revokeLogin(login, new Asker(remote), auth.clientKey).catch(asFailed);
      await store.forget();
      await forgetRegistration(places, login.issuer);
      if (revoked.state === "failed") {
        say(
          `The login could not be ended at ${printable(login.issuer)}: ${revoked.reason}. Its tokens go on until they expire.`,
        );
      }
      say(`${revoked.state === "revoked" ? "Logged out of" : "Forgot the login to"} ${shownUrl(remote.url)}`);
      return 0;
    } finally {
      if (lock.state === "held") lock[Symbol.dispose]();
    }
  },
});

function asFailed(error: unknown): Revoked {
  return { state: "failed", reason: messageOf(error) };
}

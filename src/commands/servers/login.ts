/** `km servers login`: logs in to a server by OAuth, in a browser; sessions that wait for it go on. */
import { defineCommand } from "../../command.ts";
import { KmError } from "../../errors.ts";
import { shownUrl } from "../../http/shown-url.ts";
import { Asker } from "../../oauth/asker.ts";
import { logIn } from "../../oauth/log-in.ts";
import { isRenewable, type Login } from "../../oauth/login.ts";
import { LoginStore } from "../../oauth/login-store.ts";
import { probe } from "../../oauth/probe.ts";
import { print } from "../../output.ts";
import { printable } from "../../terminal.ts";
import { interruptible } from "../interruptible.ts";
import { say } from "../say.ts";
import { loginPlaces } from "./login-places.ts";
import { loginTarget } from "./login-target.ts";

export default defineCommand({
  meta: { name: "login", description: "Log in to a server" },
  args: {
    name: { type: "positional", required: false, description: "Its name", complete: "registered-server" },
    url: { type: "string", valueHint: "url", description: "Its address, in place of a name" },
    scope: { type: "string", repeat: true, description: "Ask for this scope too; may be repeated" },
    "no-browser": { type: "boolean", description: "Only print the page's address" },
    json: { type: "boolean", description: "Print what was given as JSON, without the tokens" },
  },
  examples: [
    "km servers login github",
    "km servers login --url https://mcp.example.com/mcp",
    "km servers login github --scope repo --no-browser",
  ],
  async run({ name, url, scope: scopes, "no-browser": noBrowser, json }) {
    const { remote, auth } = await loginTarget(name, url);
    return await interruptible("nobody was logged in", async (signal) => {
      const places = loginPlaces({ name, ask: noBrowser ? "address" : "browser", mayAsk: true, signal });
      const store = new LoginStore(remote.url, places);
      // What cannot be kept is noticed before somebody is bothered.
      const before = await store.readKept();
      const asker = new Asker(remote, signal);
      const { isRefused, challenge } = await probe(remote, asker);
      const wanted = { ...auth, scopes: [...auth.scopes, ...scopes] };
      const context = { url: remote.url, auth: wanted, places, asker, store };
      const login = await logIn(context, { challenge, before, isRefused });
      if ((await probe(remote, asker, login)).isRefused) throw refusedAnyway(remote.url, login);
      const lock = await store.lock();
      try {
        await store.keepForAll(login);
      } finally {
        if (lock.state === "held") lock[Symbol.dispose]();
      }
      say(`Logged in to ${shownUrl(remote.url)} at ${printable(login.issuer)}`);
      say(`    ${described(login)}`);
      if (json) await print(`${JSON.stringify(asJson(login))}\n`);
      return 0;
    });
  },
});

function refusedAnyway(url: string, { issuer }: Login): KmError {
  return new KmError(
    "LGN_002",
    `Cannot log in to ${shownUrl(url)}: it refuses the token that ${printable(issuer)} gives`,
    {
      hint: "Nothing was kept. Ask who runs the server.",
    },
  );
}

function described(login: Login): string {
  const names = login.granted.length === 0 ? "Without scopes" : `Scopes: ${login.granted.map(printable).join(", ")}`;
  const scopes = login.token_type === "DPoP" ? `${names}; bound to a key of this login (DPoP)` : names;
  if (isRenewable(login)) return `${scopes}; renewed by itself`;
  if (login.expires_at === null) return scopes;
  return `${scopes}; until ${new Date(login.expires_at).toISOString()}, then log in again`;
}

function asJson(login: Login): object {
  return {
    server: shownUrl(login.server),
    issuer: login.issuer,
    client_id: login.client.id,
    scopes: login.granted,
    token_type: login.token_type,
    expires_at: login.expires_at === null ? null : new Date(login.expires_at).toISOString(),
    renewable: isRenewable(login),
  };
}

/** `authorize`: the authorization code grant with PKCE: a person confirms in a browser, which comes back to this machine. */
import { createHash, randomBytes } from "node:crypto";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { shownUrl } from "../http/shown-url.ts";
import { openBrowser } from "../open-browser.ts";
import type { RemoteOAuth } from "../http/remote.ts";
import type { Elsewhere } from "./ask-in-turn.ts";
import { clientFor, registeredRedirect } from "./client.ts";
import { thumbprintOf } from "./dpop.ts";
import type { Issuer } from "./issuer-metadata.ts";
import type { Login } from "./login.ts";
import type { LoginContext, LoginTarget } from "./login-context.ts";
import { cannotLogIn, loginCommand } from "./login-error.ts";
import { obtainLogin } from "./obtain-login.ts";
import { awaitRedirect, type Redirect } from "./redirect.ts";
import { needsConsent } from "./scopes.ts";

const PATIENCE_MS = 5 * 60_000;

/** @param elsewhere resolves with a login that came another way */
export async function authorize(
  context: LoginContext<RemoteOAuth>,
  target: LoginTarget,
  elsewhere?: Elsewhere,
): Promise<Login> {
  const { url, auth, places, asker, store } = context;
  const { resource, issuer, scopes, binding } = target;
  const endpoint = await authorizationEndpoint(context, issuer);
  using redirect = await listen(context, issuer);
  const client = await clientFor({ server: url, auth, issuer, redirect: redirect.uri, scopes }, places, asker);
  const [state, verifier] = [random(), random()];
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: client.id,
    redirect_uri: redirect.uri,
    state,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...(resource !== undefined && { resource }),
    ...(scopes.length > 0 && { scope: scopes.join(" ") }),
    ...(binding !== undefined && { dpop_jkt: await thumbprintOf(binding.key) }),
    ...(needsConsent(scopes) && { prompt: "consent" }),
  })) {
    endpoint.searchParams.set(name, value);
  }
  const answered = redirect.answer(state);
  ask(context, endpoint.href, issuer, elsewhere !== undefined);
  const answer = await firstOf(context, answered, elsewhere);
  if (!(answer instanceof URLSearchParams)) {
    await redirect.show({ isLoggedIn: true, title: "Logged in", text: "It was done in another place." });
    return answer;
  }
  try {
    const code = codeIn(answer, context, issuer);
    const login = await obtainLogin(context, target, {
      client,
      grant: "authorization_code",
      form: {
        grant_type: "authorization_code",
        code,
        redirect_uri: redirect.uri,
        code_verifier: verifier,
        ...(resource !== undefined && { resource }),
      },
      hint: `Run ${loginCommand(url, places)} to try again.`,
    });
    await redirect.show({
      isLoggedIn: true,
      title: `Logged in to ${new URL(store.server).host}`,
      text: "You can close this page.",
    });
    return login;
  } catch (error) {
    const text = error instanceof KmError ? error.message : "km could not finish the login.";
    await redirect.show({ isLoggedIn: false, title: "Not logged in", text });
    throw error;
  }
}

async function authorizationEndpoint({ url, asker }: LoginContext, issuer: Issuer): Promise<URL> {
  const server = `the authorization server ${echoed(issuer.id)}`;
  if (issuer.authorizationEndpoint === undefined) {
    throw cannotLogIn("LGN_001", url, `${server} has no page to log in`, {
      hint: "It may be for programs alone: give a client with auth.grant client_credentials to the server in servers.yaml.",
    });
  }
  if (issuer.challengeMethods !== undefined && !issuer.challengeMethods.includes("S256")) {
    throw cannotLogIn(
      "LGN_001",
      url,
      `${server} does not say that it supports PKCE with S256, without which a login can be stolen`,
      {
        hint: "Ask who runs it to support PKCE, and to say so in code_challenge_methods_supported.",
      },
    );
  }
  return await asker.permit(issuer.authorizationEndpoint, "the page to log in");
}

async function listen({ url, auth, places }: LoginContext<RemoteOAuth>, issuer: Issuer): Promise<Redirect> {
  // Authorization servers that compare ports must be come back to at the one that was registered.
  const before = auth.clientId === undefined ? await registeredRedirect(places, issuer.id) : undefined;
  const ports =
    auth.redirectPort === undefined
      ? [...(before === undefined ? [] : [Number(new URL(before).port)]), 0]
      : [auth.redirectPort];
  const redirect = awaitRedirect(ports);
  if (redirect !== undefined) return redirect;
  throw cannotLogIn(
    "LGN_002",
    url,
    `the port ${ports.join(", ")} on 127.0.0.1, which the browser comes back to, is taken`,
    {
      hint: "See what else uses it: maybe another login that waits.",
    },
  );
}

function random(): string {
  return randomBytes(32).toString("base64url");
}

function ask({ url, places }: LoginContext, page: string, issuer: Issuer, isSession: boolean): void {
  const { say } = places;
  const own = new URL(issuer.id).host === new URL(url).host ? "" : ` at ${echoed(issuer.id)}`;
  say(`To log in to ${shownUrl(url)}${own}, open this page in a browser on this machine`);
  say(`        ${page}`);
  if (places.ask === "browser" && openBrowser(page, process.platform, places.env))
    say("    It is opened in your browser.");
  else if (isSession) say(`    or run ${loginCommand(url, places)} in a terminal.`);
}

async function firstOf(
  { url, places }: LoginContext,
  answered: Promise<URLSearchParams>,
  elsewhere: Elsewhere | undefined,
): Promise<URLSearchParams | Login> {
  const over = new AbortController();
  const ended = Promise.withResolvers<never>();
  const interrupt = () => ended.reject(places.signal?.reason);
  const timer = setTimeout(() => {
    const hint = `Run ${loginCommand(url, places)}.`;
    ended.reject(cannotLogIn("LGN_002", url, "nobody has logged in within 5 minutes", { hint }));
  }, PATIENCE_MS);
  places.signal?.addEventListener("abort", interrupt, { once: true });
  if (places.signal?.aborted) interrupt();
  try {
    return await Promise.race([answered, ended.promise, ...(elsewhere === undefined ? [] : [elsewhere(over.signal)])]);
  } finally {
    over.abort();
    clearTimeout(timer);
    places.signal?.removeEventListener("abort", interrupt);
  }
}

/** RFC 9207: what another authorization server says is not even shown. */
function codeIn(answer: URLSearchParams, { url, places }: LoginContext, issuer: Issuer): string {
  const again = `Run ${loginCommand(url, places)} to try again.`;
  const [from = null, ...more] = answer.getAll("iss");
  if (more.length > 0 || (from === null ? issuer.namesItself : from !== issuer.id)) {
    const found = from === null ? "nobody" : echoed(from);
    throw cannotLogIn("LGN_001", url, `the browser came back from ${found}, and was sent to ${echoed(issuer.id)}`, {
      hint: "Nothing was sent to either. Somebody may stand between: ask who runs the server.",
    });
  }
  const error = answer.get("error");
  if (error === "access_denied") throw cannotLogIn("LGN_002", url, "it was denied in the browser", { hint: again });
  if (error !== null) {
    const description = answer.get("error_description");
    const said = echoed(description === null ? error : `${error} (${description})`, 300);
    throw cannotLogIn("LGN_003", url, `${echoed(issuer.id)} says ${said}`, { hint: again });
  }
  const [code, second] = answer.getAll("code");
  if (code !== undefined && code !== "" && second === undefined) return code;
  throw cannotLogIn("LGN_003", url, `${echoed(issuer.id)} sent no authorization code`, { hint: again });
}

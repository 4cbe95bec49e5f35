/** `km init`: the API, the login and the clients, step by step; each can be left out, and done again. */
import { type ApiResult, callApi } from "../api/client.ts";
import { availablePlugins } from "../api/contract/plugins.ts";
import { readCredentials } from "../auth/credentials.ts";
import { typePassphrase } from "../auth/type-passphrase.ts";
import { surveyClients } from "../clients/survey.ts";
import { type Args, defineCommand, type Flags } from "../command.ts";
import { surroundings } from "../context.ts";
import { KmError } from "../errors.ts";
import { print } from "../output.ts";
import { askLine, confirm, isInteractive, printable } from "../terminal.ts";
import { tierName } from "../tiers.ts";
import { connectionOf } from "./api/admin/connect.ts";
import { type Account, breakOff, configuredOrigin, configureApi, openAccount, originOf, say } from "./auth/account.ts";
import { keepKey, logIn } from "./auth/login.ts";
import { statusOf } from "./auth/status.ts";
import { runChange } from "./wrap.ts";

const INTERRUPTED = 130;

const flags = {
  endpoint: {
    type: "string",
    valueHint: "url",
    description: "Address of your kilometers-api; km works without one too",
  },
  "api-key": {
    type: "string",
    valueHint: "key",
    description: "Log in with this API key; others on this machine can see it here",
  },
  "auto-detect": { type: "boolean", description: "Put km in front of the servers of every client that is found" },
  "auto-provision-plugins": { type: "boolean", description: "List the plugins that your tier may have" },
  force: { type: "boolean", description: "Log in anew, and replace another API's address" },
  yes: { type: "boolean", alias: "y", description: "Do not ask" },
} as const satisfies Flags;

export default defineCommand({
  meta: { name: "init", description: "Set km up: the API, the login and your clients" },
  args: flags,
  examples: [
    "km init                            step by step, after asking",
    "km init --auto-detect --yes        wrap all clients; no API",
    "km init --endpoint https://km.example.com",
  ],
  async run(args) {
    const asks = isInteractive() && !args.yes;
    const account = await openAccount(await chooseApi(args, asks));
    const { origin } = account.place;
    if (args["api-key"] !== undefined) checkKeyFlag(origin);
    const login = origin === "" ? "none" : await loginStep(account, args, asks);
    if (login === "interrupted") return INTERRUPTED;
    if (origin !== "") await configureApi(origin);
    const clients = await clientsStep(args, asks);
    const plugins = args["auto-provision-plugins"] ? await pluginsStep(account, login) : "";
    await print(summary(account, await whoIs(account, login), clients));
    return clients === "failed" || plugins === "failed" ? 1 : 0;
  },
});

/** Empty for none; undefined for the one that is configured. */
async function chooseApi({ endpoint, force }: Args<typeof flags>, asks: boolean): Promise<string | undefined> {
  const configured = await configuredOrigin();
  if (endpoint !== undefined) {
    const wanted = originOf(endpoint);
    if (configured === "" || configured === wanted || force) return endpoint;
    if (asks && (await confirm(`The API is ${configured}. Replace it by ${wanted}?`))) return endpoint;
    throw new KmError("AUTH_002", `Cannot use ${wanted}: the API is ${configured} already`, {
      hint: "Give --force to replace it.",
      exitCode: 1,
    });
  }
  if (!asks || (configured !== "" && !force)) return undefined;
  for (;;) {
    const fallback = configured === "" ? "Enter for none" : `Enter for ${configured}`;
    const typed = await askLine(`Address of your kilometers-api (${fallback}): `);
    if (typed === undefined) breakOff();
    if (typed === "") return undefined;
    try {
      originOf(typed);
      return typed;
    } catch (error) {
      if (!(error instanceof KmError)) throw error;
      say(error.message);
      if (error.hint !== undefined) say(`    ${error.hint}`);
    }
  }
}

function checkKeyFlag(origin: string): void {
  if (origin === "") {
    throw new KmError("USAGE", "Cannot log in with --api-key: no API is configured", {
      hint: "Give its address too: --endpoint https://km.example.com",
    });
  }
  if (process.env["KM_API_KEY"]) {
    throw new KmError("USAGE", "Both --api-key and KM_API_KEY are given", { hint: "Leave one of them out." });
  }
  say("What stands behind --api-key can be seen by others on this machine, and stays in the shell's history");
  say("    Better is KM_API_KEY, or km auth login --api-key-stdin < FILE.");
}

type Login = "done" | "kept" | "environment" | "none";

async function loginStep(
  account: Account,
  { "api-key": apiKey, force }: Args<typeof flags>,
  asks: boolean,
): Promise<Login | "interrupted"> {
  const found = await readCredentials(account.place);
  if (process.env["KM_API_KEY"]) return "environment";
  if (apiKey !== undefined) {
    if (!force && found.state === "api-key" && found.apiKey === apiKey) return "kept";
    await keepKey(account, apiKey);
    return "done";
  }
  const isIn = found.state === "api-key" || (found.state === "tokens" && found.tokens.refresh !== null);
  if (isIn && !force) return "kept";
  if (!asks) return isIn ? "kept" : "none";
  const how = await askLine("Log in by the browser (b), with an API key (k), or not now (n)? [b] ");
  if (how === undefined) breakOff();
  if (/^n/i.test(how)) return isIn ? "kept" : "none";
  if (/^k/i.test(how)) {
    const typed = await typePassphrase("API key: ");
    if (typed === undefined) breakOff();
    await keepKey(account, typed.trim());
    return "done";
  }
  return await logIn(account, true);
}

type Clients = "none found" | "asked for nothing" | "done" | "declined" | "failed" | "shown";

/** As `km wrap --all` does. */
async function clientsStep({ "auto-detect": detect, yes }: Args<typeof flags>, asks: boolean): Promise<Clients> {
  if (!detect && !asks) return "asked for nothing";
  const { env, cwd, home = "" } = surroundings();
  if ((await surveyClients({ platform: process.platform, env, home, cwd })).length === 0) return "none found";
  let declined = false;
  const dryRun = !asks && !yes;
  const wish = { client: [], server: [], all: true, project: false, "dry-run": dryRun, yes };
  const code = await runChange("wrap", wish, async (question) => {
    const agreed = await confirm(question);
    declined = !agreed;
    return agreed;
  });
  if (declined) return "declined";
  if (code !== 0) return "failed";
  return dryRun ? "shown" : "done";
}

/** Nobody being logged in is no failure: the login may come later. */
async function pluginsStep(account: Account, login: Login): Promise<"listed" | "left out" | "failed"> {
  if (login === "none") {
    say("Plugins are listed by the API for its users, and nobody is logged in: nothing was done for them");
    return "left out";
  }
  const plugins = await theirPlugins(account);
  if (plugins === undefined) return "failed";
  const lines = new Set(plugins.map(({ name, version, tier }) => `    ${name} ${version} (${tierName(tier)})`));
  say(lines.size === 0 ? "The API has no plugins for your tier" : "Plugins that your tier may have:");
  for (const line of lines) say(printable(line));
  if (lines.size > 0) say("    This km cannot install them yet: nothing was installed.");
  return "listed";
}

/** Undefined where they cannot be had, which is said. */
async function theirPlugins(account: Account): Promise<ApiResult<typeof availablePlugins>["plugins"] | undefined> {
  try {
    return (await callApi(connectionOf(account), availablePlugins, {})).plugins;
  } catch (error) {
    if (!(error instanceof KmError)) throw error;
    say(`The API's plugins cannot be listed. ${printable(error.message)}`);
    if (error.hint !== undefined) say(`    ${printable(error.hint)}`);
    return undefined;
  }
}

/** One line of words about the login. */
async function whoIs(account: Account, login: Login): Promise<string> {
  if (account.place.origin === "") return "none: km works on this machine alone";
  if (login === "none") return "none; km auth login, or KM_API_KEY";
  const found = await statusOf(account);
  if (found.state === "out") return found.error.message;
  const { claims, notes } = found;
  return claims === undefined ? (notes[0] ?? "not known") : `customer ${claims.customer}, ${tierName(claims.tier)}`;
}

const CLIENTS_WORDS: Record<Clients, string> = {
  "none found": "none was found; km help clients says which km knows",
  "asked for nothing": "left alone; km wrap puts km in front of their servers",
  declined: "left alone; km wrap asks again",
  done: "km is in front of the servers that can be wrapped",
  failed: "not all could be changed: see above",
  shown: "only shown; with --yes they are changed",
};

function summary({ place }: Account, login: string, clients: Clients): string {
  const next = clients === "done" ? "restart your clients, then km sessions" : "km doctor, or km monitor -- SERVER";
  const rows = [
    ["api", place.origin === "" ? "none" : place.origin],
    ["login", login],
    ["clients", CLIENTS_WORDS[clients]],
    ["next", next],
  ];
  return rows.map(([name = "", text = ""]) => `${name.padEnd(9)} ${printable(text)}\n`).join("");
}

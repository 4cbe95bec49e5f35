/** `km servers show`: one server, and how a client gets it. */
import { isMapping } from "../../is-mapping.ts";
import type { Colors } from "picocolors/types";
import { defineCommand } from "../../command.ts";
import { formatDuration } from "../../config/units.ts";
import { createRedactor, type Redactor } from "../../guard/redaction/redact.ts";
import type { Remote, RemoteAuth, RemoteClient } from "../../http/remote.ts";
import { print } from "../../output.ts";
import type { Server } from "../../servers/server.ts";
import { shownSource } from "../../servers/shown-source.ts";
import { shownServer, shownStart } from "../../servers/shown-server.ts";
import { colours, printable } from "../../terminal.ts";
import { usualSnippet } from "./export.ts";
import { namedServer } from "./open-servers.ts";

export default defineCommand({
  meta: { name: "show", description: "Show one server, and how a client gets it" },
  args: {
    name: { type: "positional", required: true, description: "Its name", complete: "registered-server" },
    json: { type: "boolean", description: "Print JSON" },
  },
  examples: ["km servers show files"],
  async run(args) {
    const server = await namedServer(args.name);
    const redactor = createRedactor();
    if (args.json) await print(`${JSON.stringify(shownServer(server, redactor), null, 2)}\n`);
    else await print(await shown(server, redactor));
    return 0;
  },
});

async function shown(server: Server, redactor: Redactor): Promise<string> {
  const { name, start, limits, fallback, tags } = server;
  const paint = await colours(process.stdout);
  const { connectTimeoutMs, answerTimeoutMs, retries, calls, concurrent, restarts } = limits;
  const rows: [string, string][] = [
    [start.kind === "command" ? "command" : "url", shownStart(start, redactor)],
    ...(start.kind === "command" ? commandRows(start, redactor) : remoteRows(start.remote, redactor)),
    ["times", `${formatDuration(connectTimeoutMs)} to connect, ${formatDuration(answerTimeoutMs)} to answer`],
    ["retries", String(retries)],
  ];
  if (calls !== undefined) rows.push(["calls", `at most ${calls.count} in ${formatDuration(calls.perMs)}`]);
  if (concurrent !== undefined) rows.push(["at once", `at most ${concurrent}`]);
  if (restarts !== undefined) rows.push(["restarts", `at most ${restarts}`]);
  if (fallback.length > 0) rows.push(["fallback", fallback.join(", ")]);
  if (tags.length > 0) rows.push(["tags", tags.join(", ")]);
  const text = rows.map(([label, value]) => row(label, value, paint)).join("");
  return `${paint.bold(name)}\n${text}\nFor a client's configuration file:\n\n${usualSnippet(name)}`;
}

function commandRows({ cwd, env }: { cwd: string | undefined; env: Record<string, string> }, redactor: Redactor) {
  return [...(cwd === undefined ? [] : [pair("cwd", cwd)]), ...members("env", env, redactor)];
}

function remoteRows({ transport, headers, auth, tls }: Remote, redactor: Redactor): [string, string][] {
  const certificates = Object.entries(tls).flatMap(([key, value]) =>
    typeof value === "string" && key !== "passphrase" ? [`${key} ${value}`] : [],
  );
  const pins = tls.pins.length === 0 ? [] : [`${tls.pins.length} pinned`];
  return [
    pair("transport", transport),
    ...members("header", headers, redactor),
    pair("auth", authWords(auth)),
    ...(certificates.length + pins.length === 0 ? [] : [pair("tls", [...certificates, ...pins].join(", "))]),
  ];
}

function authWords(auth: RemoteAuth): string {
  switch (auth.type) {
    case "none":
      return "none";
    case "bearer":
      return `bearer ${referenceOnly(auth.token)}`;
    case "basic":
      return `basic, ${auth.username} ${referenceOnly(auth.password)}`;
    case "api-key":
      return `api-key in ${auth.header} ${referenceOnly(auth.value)}`;
    case "oauth":
      return `oauth, ${auth.scopes.join(" ") || "as the server asks for"}${dpopWords(auth)}`;
    case "workload":
      return `workload, by ${shownSource(auth.assertion)}${dpopWords(auth)}`;
    case "enterprise": {
      const { issuer, idToken } = auth.idp;
      return `enterprise, by ${issuer}${idToken === undefined ? "" : `, ID token: ${shownSource(idToken)}`}${dpopWords(auth)}`;
    }
  }
}

function dpopWords({ dpop = "auto" }: RemoteClient): string {
  if (dpop === "auto") return "";
  return dpop ? "; tokens bound to a key (DPoP)" : "; tokens bound to no key";
}

/** A secret that stands there as it is, is not shown. */
function referenceOnly(text: string): string {
  return /^\$\{[^}]*\}$/.test(text) ? text : "[redacted:value]";
}

function members(label: string, texts: Record<string, string>, redactor: Redactor): [string, string][] {
  return Object.entries(texts).map(([name, value]) => {
    const { text } = redactor.redact(JSON.stringify({ [name]: value }));
    const parsed: unknown = JSON.parse(text);
    const [masked] = isMapping(parsed) ? Object.values(parsed) : [];
    return pair(label, `${name}=${typeof masked === "string" ? masked : value}`);
  });
}

function pair(label: string, value: string): [string, string] {
  return [label, value];
}

function row(label: string, value: string, paint: Colors): string {
  return `  ${paint.dim(label.padEnd(10))} ${printable(value)}\n`;
}

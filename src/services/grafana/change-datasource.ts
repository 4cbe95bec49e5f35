/** The tools `grafana_save_datasource` and `grafana_delete_datasource`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, record, text } from "../../guard/policy/schema-parts.ts";
import { isMapping } from "../../is-mapping.ts";
import { connectionArgument } from "../backend/connections.ts";
import { textAt } from "../member.ts";
import { type Preview, tool, type ToolCall } from "../tool.ts";
import { datasourceArgument, objectArgument, uidText } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { readSource, SOURCE_WHOLE } from "./datasources.ts";
import { findSource } from "./find-source.ts";
import { maskedSource, objectDiff } from "./masked.ts";

const BOOLEAN = "true or false";
const SECRETS = "a mapping of names to texts, without masks";

const INPUT = v.strictObject({
  datasource: described("Name or uid of one that is there, to change it", datasourceArgument),
  name: v.optional(text("a name", 190)),
  type: described("Of a new one: prometheus", text("a type", 100)),
  uid: described("Wanted for a new one", uidText),
  url: v.optional(text("a URL", 2000)),
  default: v.optional(v.boolean(BOOLEAN)),
  user: v.optional(text("a name", 200)),
  database: v.optional(text("a name", 200)),
  basic_auth_user: described("Turns basic auth on", text("a name", 200)),
  settings: described("jsonData: these members are changed", objectArgument),
  secrets: described(
    "secureJsonData: password, basicAuthPassword, httpHeaderValue1",
    v.pipe(
      record(text("a text", 20_000), SECRETS),
      v.check((given) => !JSON.stringify(given).includes("[redacted:"), SECRETS),
    ),
  ),
  connection: connectionArgument,
});
type Input = v.InferOutput<typeof INPUT>;
type Call = ToolCall<GrafanaBackend>;
type Whole = v.InferOutput<typeof SOURCE_WHOLE>;

const SAVED = v.looseObject({ datasource: SOURCE_WHOLE });

export const saveDatasource = tool({
  name: "save_datasource",
  title: "Create or change a data source",
  description: "Create a data source, or change one. Secrets that are not given stay as they are.",
  // What it was is not kept, and secrets that it has go to where it points.
  access: "destructive",
  toolset: "datasources",
  payload: ["settings", "secrets"],
  input: INPUT,
  output: v.object({ uid: v.string(), name: v.string() }),
  async run(input: Input, { backend, signal }: Call) {
    const connection = connectionOf(backend, input.connection);
    const { before, after } = await wanted(connection, input, signal);
    const path = before === undefined ? "/api/datasources" : `/api/datasources/uid/${encodeURIComponent(before.uid)}`;
    const method = before === undefined ? "POST" : "PUT";
    const { datasource } = await ask(connection, { method, path, json: after, signal }, SAVED);
    connection.client.forget();
    return {
      data: { uid: datasource.uid, name: datasource.name, datasource: maskedSource(datasource) },
      text: `${before === undefined ? "Created" : "Changed"} the data source ${datasource.name} (${datasource.uid})`,
    };
  },
  async preview(input: Input, { backend, signal }: Call): Promise<Preview> {
    const { before, after } = await wanted(connectionOf(backend, input.connection), input, signal);
    const diff = objectDiff(String(after["name"]), before && changeableOf(before), after);
    if (before === undefined) return { summary: `Creates the data source ${String(after["name"])}`, detail: diff };
    const kept = isMapping(before["secureJsonFields"]) ? Object.keys(before["secureJsonFields"]) : [];
    const isElsewhere = textAt(before, "url") !== textAt(after, "url") && kept.length > 0;
    const warning = isElsewhere ? `. It has secrets (${kept.join(", ")}), which Grafana sends to the new address` : "";
    return { summary: `Changes the data source ${before.name}${warning}`, detail: diff };
  },
});

/** What Grafana takes back of one that it has shown. `version` makes sure that nobody else has changed it meanwhile. */
const CHANGEABLE = [
  "uid",
  "name",
  "type",
  "access",
  "url",
  "user",
  "database",
  "basicAuth",
  "basicAuthUser",
  "withCredentials",
  "isDefault",
  "jsonData",
  "version",
];

/** @throws KmError SVC_001 for what is missing, SVC_007 for one that cannot be changed here */
async function wanted(
  connection: Connection,
  input: Input,
  signal: AbortSignal,
): Promise<{ before: Whole | undefined; after: Record<string, unknown> }> {
  const { datasource, name, type, uid, url, user, database, settings, secrets } = input;
  const given = {
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url }),
    ...(user !== undefined && { user }),
    ...(database !== undefined && { database }),
    ...(input.default !== undefined && { isDefault: input.default }),
    ...(input.basic_auth_user !== undefined && { basicAuth: true, basicAuthUser: input.basic_auth_user }),
    ...(secrets !== undefined && { secureJsonData: secrets }),
  };
  if (datasource === undefined) {
    if (name === undefined || type === undefined) {
      throw new KmError(
        "SVC_001",
        `Argument ${name === undefined ? "name" : "type"} is missing: a new data source needs it`,
      );
    }
    return {
      before: undefined,
      after: { type, access: "proxy", ...(uid !== undefined && { uid }), ...given, jsonData: settings ?? {} },
    };
  }
  const before = await changeable(connection, datasource, signal);
  if (type !== undefined && type !== before.type) {
    throw new KmError("SVC_001", `Argument type: ${before.name} is of the type ${before.type}, and stays of it`);
  }
  const kept = changeableOf(before);
  const jsonData = { ...(isMapping(kept["jsonData"]) ? kept["jsonData"] : {}), ...settings };
  return { before, after: { ...kept, ...given, jsonData } };
}

function changeableOf(source: Whole): Record<string, unknown> {
  return Object.fromEntries(CHANGEABLE.flatMap((member) => (member in source ? [[member, source[member]]] : [])));
}

async function changeable(connection: Connection, word: string, signal: AbortSignal): Promise<Whole> {
  const source = await findSource(connection, word, signal);
  if (source.readOnly) {
    throw new KmError(
      "SVC_007",
      `The data source ${source.name} comes from files (it is provisioned), and cannot be changed here`,
    );
  }
  return await readSource(connection, source, signal);
}

const DELETE = v.strictObject({ datasource: datasourceArgument, connection: connectionArgument });

export const deleteDatasource = tool({
  name: "delete_datasource",
  title: "Delete a data source",
  description: "Delete a data source. What uses it stays, and does not work any more.",
  access: "destructive",
  isIdempotent: true,
  toolset: "datasources",
  input: DELETE,
  output: v.object({ uid: v.string(), name: v.string() }),
  async run({ datasource, connection: name }: v.InferOutput<typeof DELETE>, { backend, signal }: Call) {
    const connection = connectionOf(backend, name);
    const found = await changeable(connection, datasource, signal);
    await connection.client.text({
      method: "DELETE",
      path: `/api/datasources/uid/${encodeURIComponent(found.uid)}`,
      signal,
    });
    connection.client.forget();
    return { data: { uid: found.uid, name: found.name }, text: `Deleted the data source ${found.name} (${found.uid})` };
  },
  async preview(
    { datasource, connection: name }: v.InferOutput<typeof DELETE>,
    { backend, signal }: Call,
  ): Promise<Preview> {
    const found = await changeable(connectionOf(backend, name), datasource, signal);
    return {
      summary: `Deletes the data source ${found.name} (${found.uid}, ${found.type})`,
      detail: objectDiff(found.name, found, undefined),
    };
  },
});

/** The tool `grafana_datasources`: data sources; one of them with what it is set to, secrets masked, and whether it works. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import { listArguments } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { maskedUrl } from "../masked-config.ts";
import { yamlText } from "../yaml-text.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { datasourceArgument } from "./arguments.ts";
import { ask, type Connection, connectionOf, type GrafanaBackend } from "./backend.ts";
import { findSource, type Source, sourcesOf } from "./find-source.ts";
import { maskedSource } from "./masked.ts";

export const SOURCE_WHOLE = v.looseObject({ uid: v.optional(v.string(), ""), name: v.string(), type: v.string() });
const HEALTH = v.looseObject({ status: v.optional(v.string()), message: v.optional(v.string(), "") });

interface Data {
  datasources: object[];
  [member: string]: unknown;
}

export const datasources = tool({
  name: "datasources",
  title: "Data sources",
  description: "Data sources with their uids; of one (name or uid) its settings, and with health whether it works.",
  access: "read",
  toolset: "datasources",
  input: v.strictObject({
    datasource: v.optional(datasourceArgument),
    health: v.optional(v.boolean("true or false")),
    type: described("Such as prometheus", text("a type", 100)),
    ...listArguments(50),
  }),
  output: v.object({ datasources: v.array(v.unknown()) }),
  async run(
    { datasource, health, type, ...input },
    { backend, signal, mostBytes }: ToolCall<GrafanaBackend>,
  ): Promise<Answer<Data>> {
    const connection = connectionOf(backend, input.connection);
    if (datasource !== undefined) return await one(connection, datasource, health === true, signal);
    if (health === true) throw new KmError("SVC_001", "Argument datasource is missing: health is of one data source");
    const all = (await sourcesOf(connection, signal))
      .filter((source) => type === undefined || source.type === type)
      .map(brief);
    return listed(
      {
        all,
        what: "data sources",
        limit: input.limit,
        token: input.continue,
        question: [type, input.connection],
        mostBytes,
        line: (source) =>
          [source.uid, source.name, source.type, source.url, source.default === true ? "default" : ""]
            .filter((part) => part !== "")
            .join("\t"),
      },
      (items, total) => ({ total, datasources: items }),
    );
  },
});

/** With all that it has been set to. */
export async function readSource(connection: Connection, { uid }: Source, signal: AbortSignal) {
  return await ask(connection, { path: `/api/datasources/uid/${encodeURIComponent(uid)}`, signal }, SOURCE_WHOLE);
}

async function one(connection: Connection, word: string, isAsked: boolean, signal: AbortSignal): Promise<Answer<Data>> {
  const source = await findSource(connection, word, signal);
  const { typeLogoUrl: _logo, accessControl: _access, ...whole } = await readSource(connection, source, signal);
  const shown = maskedSource(whole);
  const health = isAsked ? await healthOf(connection, source, signal) : undefined;
  return {
    data: { datasources: [Object(shown)], ...(health !== undefined && { health }) },
    text: [...(health === undefined ? [] : [`${health.status}: ${health.message}`]), yamlText(shown)].join("\n"),
  };
}

/** What its plugin says; that it does not work is an answer too. */
async function healthOf(connection: Connection, { uid }: Source, signal: AbortSignal) {
  const path = `/api/datasources/uid/${encodeURIComponent(uid)}/health`;
  const { status = "UNKNOWN", message } = await ask(connection, { path, signal, expect: [400, 404, 500, 503] }, HEALTH);
  return { status, message };
}

function brief({ uid, name, type, url, isDefault, readOnly }: Source) {
  return {
    uid,
    name,
    type,
    url: maskedUrl(url),
    ...(isDefault && { default: true }),
    ...(readOnly && { read_only: true }),
  };
}

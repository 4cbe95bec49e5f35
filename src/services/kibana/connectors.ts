/** The tools for connectors: `kibana_connectors`, `kibana_save_connector`, `kibana_run_connector` and `kibana_delete_connector`. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { flagArgument, bodyArgument, idArgument, pageArguments, where } from "./arguments.ts";
import { text } from "../../guard/policy/schema-parts.ts";
import { isMapping } from "../../is-mapping.ts";
import { hasWords, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { maskedValue } from "../masked-config.ts";
import { tool, type ToolCall } from "../tool.ts";
import { ask, type Asking, askingOf, askText, type KibanaBackend, placeOf } from "./backend.ts";
import { jsonDiff, refuseMasks } from "./json-diff.ts";
import { mustHaveSpace } from "./must-have-space.ts";
import { SECRET_URLS } from "./saved-object.ts";

type Call = ToolCall<KibanaBackend>;

/** Kibana itself never gives `secrets`; but what users write into `config` may be some all the same. */
const CONNECTOR = v.looseObject({
  id: v.string(),
  name: v.string(),
  connector_type_id: v.string(),
  config: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
  is_preconfigured: v.optional(v.boolean(), false),
  is_missing_secrets: v.optional(v.boolean()),
  referenced_by_count: v.optional(v.number()),
});
type Connector = v.InferOutput<typeof CONNECTOR>;
const TYPE = v.looseObject({
  id: v.string(),
  name: v.string(),
  enabled: v.boolean(),
  minimum_license_required: v.optional(v.string()),
});

export const connectors = tool({
  name: "connectors",
  title: "List connectors",
  description:
    "Connectors (mail, webhook, Slack, ...) and how many rules use them; with id all of one; with types what kinds there are.",
  access: "read",
  toolset: "connectors",
  input: v.strictObject({
    id: v.optional(idArgument),
    types: flagArgument("The kinds instead"),
    search: searchArgument,
    ...pageArguments(100),
  }),
  output: v.object({ total: v.number(), items: v.array(v.unknown()) }),
  async run({ id, types = false, search, limit, continue: token, ...place }, { backend, signal, mostBytes }: Call) {
    const asking = askingOf(backend, place);
    const page = { limit, token, question: [types, search, place], mostBytes };
    if (id !== undefined) return { data: { total: 1, items: [readable(await connectorOf(asking, id, signal))] } };
    if (types) {
      const all = await ask(asking, { path: "/api/actions/connector_types", signal }, v.array(TYPE));
      return listed(
        {
          ...page,
          all: all.filter((one) => hasWords(`${one.id} ${one.name}`, search)),
          what: "kinds of connectors",
          one: "kind of connectors",
          line: (one) =>
            [one.id, one.name, one.enabled ? "" : `off (needs ${one.minimum_license_required ?? "another licence"})`]
              .filter((part) => part !== "")
              .join("  "),
        },
        (items, total) => ({ total, items }),
      );
    }
    const all = await ask(asking, { path: "/api/actions/connectors", signal }, v.array(CONNECTOR));
    if (all.length === 0) await mustHaveSpace(asking, signal);
    return listed(
      {
        ...page,
        all: all
          .filter((one) => hasWords(`${one.name} ${one.connector_type_id}`, search))
          .map(({ config: _config, ...one }) => one),
        what: "connectors",
        line: (one) =>
          [
            one.id,
            one.name,
            one.connector_type_id,
            one.is_preconfigured ? "(preconfigured)" : "",
            one.is_missing_secrets === true ? "(its secrets are missing)" : "",
            one.referenced_by_count === undefined ? "" : `used by ${one.referenced_by_count}`,
          ]
            .filter((part) => part !== "")
            .join("  "),
      },
      (items, total) => ({ total, items }),
    );
  },
});

const saveInput = v.strictObject({
  id: v.optional(idArgument),
  name: v.optional(text("a name", 200)),
  type: v.optional(v.pipe(text("an id of a kind of connectors", 200), v.description("Of a new one: .webhook"))),
  config: v.optional(bodyArgument),
  secrets: v.optional(
    v.pipe(bodyArgument, v.description("Those that are there are lost when another config is given")),
  ),
  ...where,
});

export const saveConnector = tool({
  name: "save_connector",
  title: "Save a connector",
  description: "Creates a connector, or changes one.",
  access: "write",
  toolset: "connectors",
  payload: ["config", "secrets"],
  input: saveInput,
  output: v.object({ id: v.string(), name: v.string() }),
  async run(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, args);
    await mustHaveSpace(asking, signal);
    const { before, json } = await planned(asking, args, signal);
    const saved = await ask(
      asking,
      {
        path: `/api/actions/connector${args.id === undefined ? "" : `/${encodeURIComponent(args.id)}`}`,
        method: before === undefined ? "POST" : "PUT",
        json,
        signal,
      },
      CONNECTOR,
    );
    return {
      data: { id: saved.id, name: saved.name },
      text: `${before === undefined ? "Created" : "Changed"} connector ${saved.id} (${saved.name})`,
    };
  },
  async preview(args: v.InferOutput<typeof saveInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, args);
    const { before, json } = await planned(asking, args, signal);
    const { secrets, ...plain } = json;
    const shown = (value: object): unknown => maskedValue(value, SECRET_URLS);
    return {
      summary: `${before === undefined ? "Creates" : "Changes"} the connector ${args.name ?? before?.name ?? ""} in ${placeOf(asking)}${Object.keys(secrets).length === 0 ? "" : `, with ${Object.keys(secrets).length} secrets`}`,
      detail: jsonDiff(
        args.id ?? "connector",
        before && shown({ name: before.name, config: before.config ?? {} }),
        shown(plain),
      ),
    };
  },
});

async function planned(
  asking: Asking,
  { id, name, type, config, secrets = {} }: v.InferOutput<typeof saveInput>,
  signal: AbortSignal,
) {
  refuseMasks([config, secrets]);
  const before = await connectorThere(asking, id, signal);
  if (before === undefined) {
    if (name === undefined || type === undefined) throw new KmError("SVC_001", "A new connector needs name and type");
    return { before, json: { name, connector_type_id: type, config: config ?? {}, secrets } };
  }
  if (type !== undefined && type !== before.connector_type_id)
    throw new KmError("SVC_001", "The kind of a connector that is there cannot be changed");
  return { before, json: { name: name ?? before.name, config: config ?? before.config ?? {}, secrets } };
}

const runInput = v.strictObject({
  id: idArgument,
  params: v.pipe(bodyArgument, v.description("{message: ...}, {body: ...}, by its kind")),
  ...where,
});
const RAN = v.looseObject({
  status: v.string(),
  message: v.optional(v.string()),
  service_message: v.optional(v.string()),
});

export const runConnector = tool({
  name: "run_connector",
  title: "Run a connector",
  description: "Sends something by a connector, to test it: it really arrives.",
  access: "destructive",
  toolset: "connectors",
  payload: ["params"],
  input: runInput,
  output: v.object({ status: v.string() }),
  async run({ id, params, ...place }: v.InferOutput<typeof runInput>, { backend, signal }: Call) {
    const ran = await ask(
      askingOf(backend, place),
      { path: `/api/actions/connector/${encodeURIComponent(id)}/_execute`, method: "POST", json: { params }, signal },
      RAN,
    );
    if (ran.status === "error") {
      throw new KmError(
        "SVC_007",
        `The connector ${id} failed: ${[ran.message, ran.service_message].filter(Boolean).join(": ")}`,
      );
    }
    return { data: ran };
  },
  async preview({ id, params, ...place }: v.InferOutput<typeof runInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    const { name, connector_type_id: type } = await connectorOf(asking, id, signal);
    return {
      summary: `Sends by the connector ${name} (${type}) of ${placeOf(asking)}`,
      detail: JSON.stringify(params, null, 2),
    };
  },
});

const deleteInput = v.strictObject({ id: idArgument, ...where });

export const deleteConnector = tool({
  name: "delete_connector",
  title: "Delete a connector",
  description: "Deletes a connector; rules that use it cannot send any more.",
  access: "destructive",
  toolset: "connectors",
  input: deleteInput,
  output: v.object({ deleted: v.string() }),
  async run({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    await askText(askingOf(backend, place), {
      path: `/api/actions/connector/${encodeURIComponent(id)}`,
      method: "DELETE",
      signal,
    });
    return { data: { deleted: id }, text: `Deleted connector ${id}` };
  },
  async preview({ id, ...place }: v.InferOutput<typeof deleteInput>, { backend, signal }: Call) {
    const asking = askingOf(backend, place);
    const all = await ask(asking, { path: "/api/actions/connectors", signal }, v.array(CONNECTOR));
    const found = all.find((one) => one.id === id) ?? (await connectorOf(asking, id, signal));
    return {
      summary: `Deletes the connector ${found.name} (${found.connector_type_id}) of ${placeOf(asking)}, used by ${found.referenced_by_count ?? "an unknown number of"} rules`,
    };
  },
});

function readable(connector: Connector): Record<string, unknown> {
  const masked = maskedValue(connector, SECRET_URLS);
  return isMapping(masked) ? masked : {};
}

async function connectorThere(
  asking: Asking,
  id: string | undefined,
  signal: AbortSignal,
): Promise<Connector | undefined> {
  if (id === undefined) return undefined;
  try {
    return await connectorOf(asking, id, signal);
  } catch (error) {
    if (error instanceof KmError && error.code === "SVC_006") return undefined;
    throw error;
  }
}

async function connectorOf(asking: Asking, id: string, signal: AbortSignal): Promise<Connector> {
  return await ask(asking, { path: `/api/actions/connector/${encodeURIComponent(id)}`, signal }, CONNECTOR);
}

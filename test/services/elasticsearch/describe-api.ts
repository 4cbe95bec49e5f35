/**
 * `describeApi`: what the npm package `@elastic/elasticsearch`, which Elastic generates from its published specification, says of the
 * endpoints that km uses: methods, paths, members of the query, of the body and of the answer. As a script, with the package's folder as
 * argument, it prints that in the form of `elasticsearch-api-*.json`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { ApiDescription } from "../api-description.ts";

/** By their names in the specification: the names of the types of their requests and answers. */
const ENDPOINTS: Record<string, string> = {
  "cat.aliases": "CatAliases",
  "cat.indices": "CatIndices",
  "cat.nodes": "CatNodes",
  "cat.segments": "CatSegments",
  "cat.shards": "CatShards",
  "cluster.allocation_explain": "ClusterAllocationExplain",
  "cluster.get_settings": "ClusterGetSettings",
  "cluster.health": "ClusterHealth",
  "cluster.pending_tasks": "ClusterPendingTasks",
  "cluster.stats": "ClusterStats",
  delete: "Delete",
  "esql.query": "EsqlQuery",
  get: "Get",
  "ilm.get_lifecycle": "IlmGetLifecycle",
  index: "Index",
  "indices.clear_cache": "IndicesClearCache",
  "indices.close": "IndicesClose",
  "indices.create": "IndicesCreate",
  "indices.create_data_stream": "IndicesCreateDataStream",
  "indices.delete": "IndicesDelete",
  "indices.delete_data_stream": "IndicesDeleteDataStream",
  "indices.flush": "IndicesFlush",
  "indices.forcemerge": "IndicesForcemerge",
  "indices.get": "IndicesGet",
  "indices.get_data_stream": "IndicesGetDataStream",
  "indices.get_index_template": "IndicesGetIndexTemplate",
  "indices.get_mapping": "IndicesGetMapping",
  "indices.open": "IndicesOpen",
  "indices.put_mapping": "IndicesPutMapping",
  "indices.put_settings": "IndicesPutSettings",
  "indices.refresh": "IndicesRefresh",
  "indices.rollover": "IndicesRollover",
  "indices.stats": "IndicesStats",
  "indices.update_aliases": "IndicesUpdateAliases",
  info: "Info",
  "license.get": "LicenseGet",
  search: "Search",
  "tasks.list": "TasksList",
  update: "Update",
};

/** What km passes on as it is, one way or the other: an object, whatever is in it. */
const OPAQUE =
  /^(?:QueryDsl(?!FieldAndFormat)|Aggregations|Mapping(?!SourceField$)|Knn|Rank|Retriever|Search(?:Suggest|Highlight$|Collapse|Profile|Rescore|FieldCollapse|Inner)|Ingest|Ilm(?!GetLifecycle)|Script|IndicesIndexSettings$|IndicesIndexTemplate(?!$)|IndicesDataStreamLifecycle|IndicesDataStreamVisibility|IndicesDataStreamFailure|IndicesDataStreamOptions|ClusterStats(?!Response|ClusterStatsResponse|StatsResponseBase|Base)|NodesNodeReloadResult|License(?:License$|GetLicense)|Cluster(?:ComponentTemplate)|Slices|Cat\w*Columns?$|Indices(?:Stats)?(?:Shard(?!sStats)|Mapping)|TasksTaskInfos|Esql(?:Table|Esql[A-Z])|Watcher|Xpack|Nodes)/;

/** A name that ends with `?` is of what may be missing, and `*?` of any other. */
type Members = Record<string, string>;

interface Declared {
  extends: string[];
  members: Members;
  /** Of a type that is no interface. */
  type?: string;
}

export function describeApi(folder: string): ApiDescription {
  const { version } = v.parse(
    v.pipe(v.string(), v.parseJson(), v.object({ version: v.string() })),
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const api = join(folder, "lib", "api");
  const declared = declarationsIn(readFileSync(join(api, "types.d.ts"), "utf8"));
  const sources = readdirSync(join(api, "api")).filter((name) => name.endsWith(".js"));
  const calls = callsIn(sources.map((name) => readFileSync(join(api, "api", name), "utf8")));
  const types: Record<string, Members | string> = {};
  const needed = ["ErrorResponseBase"];
  const endpoints = Object.fromEntries(
    Object.entries(ENDPOINTS).map(([name, type]) => {
      const { paths, parts, query, body } = calls.get(name) ?? missing(name);
      const members = membersOf(declared, `${type}Request`);
      // The last two are for what the types do not have.
      const other = new Set([...parts, "body", "querystring"]);
      const wanted = Object.entries(members).filter(([member]) => !other.has(bare(member)));
      const isBody = ([member]: [string, string]): boolean =>
        body.length > 0 ? body.includes(bare(member)) && !query.includes(bare(member)) : false;
      const [bodyMembers, queryMembers] = [wanted.filter(isBody), wanted.filter((one) => !isBody(one))];
      // What is in both, such as size and from of a search, may come either way.
      const both = wanted.filter(([member]) => body.includes(bare(member)) && query.includes(bare(member)));
      const raw = wanted.find(
        ([member]) => ["document", "settings"].includes(bare(member)) && body.includes(bare(member)),
      );
      needed.push(...wanted.map(([, text]) => text), `${type}Response`);
      return [
        name,
        {
          paths,
          query: objectText(queryMembers),
          // Of some, the body is the one member itself.
          ...(body.length > 0 && {
            body: raw !== undefined && body.length === 1 ? raw[1] : objectText([...bodyMembers, ...both]),
          }),
          answer: `${type}Response`,
        },
      ];
    }),
  );
  for (let text = needed.pop(); text !== undefined; text = needed.pop()) {
    for (const name of text.replaceAll(/'[^']*'/g, "").match(/[A-Za-z_]\w*/g) ?? []) {
      const one = declared.get(name);
      if (one === undefined || name in types) continue;
      if (OPAQUE.test(name)) types[name] = "unknown";
      else if (one.type !== undefined) types[name] = one.type;
      else types[name] = membersOf(declared, name);
      needed.push(JSON.stringify(types[name]).replaceAll(/"[^"]*":/g, ""));
    }
  }
  return {
    source: `npm @elastic/elasticsearch ${version}: lib/api/types.d.ts and lib/api/api/*.js`,
    endpoints,
    types: Object.fromEntries(
      Object.entries(types)
        .map(([name, type]) => [name, typeof type === "string" ? type : objectText(Object.entries(type))] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

function objectText(members: readonly [name: string, type: string][]): string {
  const named = members.map(([name, type]) => {
    const text = /^\w+\??$/.test(name) ? name : name.replace(/^(.*?)(\??)$/, "'$1'$2");
    return `${name === "*?" ? "[other: string]" : text}: ${type}`;
  });
  return `{${named.join("; ")}}`;
}

function missing(name: string): never {
  throw new Error(`The package has no endpoint ${name}`);
}

const bare = (member: string): string => member.replace(/\?$/, "");

/** With what it has from others. */
function membersOf(declared: ReadonlyMap<string, Declared>, name: string): Members {
  const one = declared.get(name);
  if (one === undefined) return {};
  return Object.assign({}, ...one.extends.map((parent) => membersOf(declared, parent)), one.members);
}

/** Types and interfaces, by their names; what they have as parameters is `unknown`. */
function declarationsIn(text: string): Map<string, Declared> {
  const plain = text.replaceAll(/\/\*[^]*?\*\//g, "");
  const found = new Map<string, Declared>();
  for (const match of plain.matchAll(/^(?:export )?(interface|type) (\w+)/gm)) {
    const [head, kind, name = ""] = match;
    let at = match.index + head.length;
    let parameters: string[] = [];
    if (plain[at] === "<") {
      const end = closing(plain, at);
      parameters = parts(plain.slice(at + 1, end), ",").map((one) => one.trim().split(/\W/)[0] ?? "");
      at = end + 1;
    }
    const told = (type: string): string => typeText(type, parameters);
    if (kind === "type") {
      const start = plain.indexOf("=", at) + 1;
      found.set(name, { extends: [], members: {}, type: told(upTo(plain, start, ";")) });
      continue;
    }
    const start = plain.indexOf("{", at);
    const parents = parts(plain.slice(at, start).replace(/^\s*extends\s/, ""), ",").map(
      (one) => one.trim().split("<")[0] ?? "",
    );
    const members = Object.fromEntries(
      parts(plain.slice(start + 1, closing(plain, start)), ";").flatMap((part) => {
        const [, key = "", type] = /^\s*((?:'[^']*'|\w+|\[\w+: \w+\])\??):([^]*)$/.exec(part) ?? [];
        return type === undefined ? [] : [[key.startsWith("[") ? "*?" : key.replaceAll("'", ""), told(type)] as const];
      }),
    );
    found.set(name, { extends: parents.filter((one) => one !== ""), members });
  }
  return found;
}

function typeText(type: string, parameters: readonly string[]): string {
  let plain = type.trim().replaceAll(/\s+/g, " ");
  for (let at = plain.search(GENERIC); at >= 0; at = plain.search(GENERIC))
    plain = plain.slice(0, at) + plain.slice(closing(plain, at) + 1);
  for (const one of parameters) plain = plain.replaceAll(new RegExp(`\\b${one}\\b`, "g"), "unknown");
  return plain
    .replaceAll("ExactlyOne<", "Partial<")
    .replaceAll(/\bDate\b/g, "never")
    .replaceAll(/\b(?:any|T\w*Document)\b/g, "unknown")
    .replaceAll(/\b\w+\.\w+\b/g, "string");
}

/** Of a type with parameters; what stands for a form of objects stays. */
const GENERIC = /(?<!\b(?:Record|Partial|ExactlyOne))</;

function closing(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "'") at = quoteEnd(text, at);
    else if ("{<([".includes(text[at] ?? " ")) depth++;
    else if ("}>)]".includes(text[at] ?? " ") && --depth === 0) return at;
  }
  return text.length;
}

function quoteEnd(text: string, start: number): number {
  const end = text.indexOf("'", start + 1);
  return end < 0 ? text.length : end;
}

/** A declaration ends with its line. */
function upTo(text: string, start: number, sign: string): string {
  const end = text.indexOf("\nexport ", start);
  return parts(text.slice(start, end < 0 ? text.length : end), sign)[0] ?? "";
}

/** Cut at a sign that is in no brackets. */
function parts(text: string, sign: string): string[] {
  const found: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "'") at = quoteEnd(text, at);
    else if ("{<([".includes(char)) depth++;
    else if ("}>)]".includes(char)) depth--;
    else if (char === sign && depth === 0) {
      found.push(text.slice(from, at));
      from = at + 1;
    }
  }
  const last = text.slice(from);
  return last.trim() === "" ? found : [...found, last];
}

interface Call {
  paths: string[];
  parts: string[];
  query: string[];
  body: string[];
}

/** What each function of the package puts into a request. */
function callsIn(sources: readonly string[]): Map<string, Call> {
  const words = (text: string): string[] => Array.from(text.matchAll(/'([^']+)'/g), ([, word = ""]) => word);
  const found = new Map<string, Call>();
  for (const source of sources) {
    // Since version 9 a table says what goes where.
    const table = new Map(
      Array.from(
        source.matchAll(/'?([\w.]+)'?: \{\s+path: \[([^\]]*)\],\s+body: \[([^\]]*)\],\s+query: \[([^\]]*)\]/g),
        ([, name = "", path = "", body = "", query = ""]) => [
          name,
          { parts: words(path), body: words(body), query: words(query) },
        ],
      ),
    );
    for (const one of source.split(/async (?:function )?\w+\(params, options\)/).slice(1)) {
      const [, name = ""] = /const meta = \{\s+name: '([\w.]+)'/.exec(one) ?? [];
      const listed = (what: string): string[] =>
        words(new RegExp(`const accepted${what} = \\[([^\\]]*)\\]`).exec(one)?.[1] ?? "");
      const paths = Array.from(one.matchAll(/method = (.*);\s+(?:const )?path = [`'](.*)[`'];/g)).flatMap(
        ([, methods = "", path = ""]) =>
          words(methods).map(
            (method) =>
              `${method} ${path.replaceAll(/\$\{encodeURIComponent\(params\.(\w+)\.toString\(\)\)\}/g, "{$1}")}`,
          ),
      );
      const told = table.get(name.replace(/^.*\./, (group) => (table.has(name) ? group : ""))) ?? {
        parts: listed("Path"),
        body: listed("Body"),
        query: [],
      };
      if (name !== "") found.set(name, { ...told, paths: [...new Set(paths)] });
    }
  }
  return found;
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(describeApi(process.argv[2] ?? "."), null, 2)}\n`);

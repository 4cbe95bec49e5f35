/**
 * `findObjects` and `getObject`: saved objects by the API that lists them; where a Kibana does not have that any more, by the export of
 * them, which all have.
 */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { hasWords } from "../list-arguments.ts";
import { ask, askText, type Asking, placeOf } from "./backend.ts";
import { SAVED_OBJECT, type SavedObject, titleOf } from "./saved-object.ts";

export interface ObjectQuery {
  types: readonly string[];
  /** Words in the title; what was changed last comes first. */
  search?: string | undefined;
  /** `dashboard:some-id`: what refers to it. */
  refersTo?: { type: string; id: string } | undefined;
  offset: number;
  limit: number;
}

export interface FoundObjects {
  total: number;
  objects: SavedObject[];
}

const MOST_BYTES = 32 << 20;
/** Kibana pages no further. */
const DEEPEST = 10_000;
const FOUND = v.object({ total: v.number(), saved_objects: v.array(SAVED_OBJECT) });
/** Of a request that a Kibana does not know. */
const UNKNOWN = /not (?:available|exist|found)|no longer|unsupported/i;

/** @throws KmError SVC_001 where more fit than Kibana gives */
export async function findObjects(asking: Asking, query: ObjectQuery, signal: AbortSignal): Promise<FoundObjects> {
  try {
    return await newestFirst(query, async (page) => await pageOf(asking, query, page, signal));
  } catch (error) {
    if (!isGone(error)) throw error;
    return byExport(asking, query, signal);
  }
}

/** Kibana sorts by a field, but only upwards: what comes first here are its last pages, turned round. */
async function newestFirst(
  { offset, limit }: ObjectQuery,
  get: (page: number) => Promise<FoundObjects>,
): Promise<FoundObjects> {
  const first = await get(1);
  const { total } = first;
  if (total > DEEPEST) {
    throw new KmError("SVC_001", `${total} objects fit, and Kibana gives the first ${DEEPEST} alone`, {
      hint: "Ask for fewer types, or with search.",
    });
  }
  const end = Math.max(0, total - offset);
  const start = Math.max(0, end - limit);
  const firstPage = Math.floor(start / limit);
  const found: SavedObject[] = [];
  for (let page = firstPage; page * limit < end; page++) {
    found.push(...(page === 0 ? first : await get(page + 1)).objects);
  }
  return { total, objects: found.slice(start - firstPage * limit, end - firstPage * limit).reverse() };
}

async function pageOf(
  asking: Asking,
  { types, search, refersTo, limit }: ObjectQuery,
  page: number,
  signal: AbortSignal,
): Promise<FoundObjects> {
  const words = search?.trim() ?? "";
  const { total, saved_objects: objects } = await ask(
    asking,
    {
      path: "/api/saved_objects/_find",
      query: {
        type: [...types],
        page,
        per_page: limit,
        sort_field: "updated_at",
        ...(words !== "" && {
          search: words
            .split(/\s+/)
            .map((word) => `${word}*`)
            .join(" "),
          search_fields: ["title", "name"],
          default_search_operator: "AND",
        }),
        ...(refersTo !== undefined && { has_reference: JSON.stringify(refersTo) }),
      },
      signal,
      mostBytes: MOST_BYTES,
    },
    FOUND,
  );
  return { total, objects };
}

/** @throws KmError SVC_006 where there is none */
export async function getObject(asking: Asking, type: string, id: string, signal: AbortSignal): Promise<SavedObject> {
  const path = `/api/saved_objects/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
  try {
    return await ask(asking, { path, signal, mostBytes: MOST_BYTES }, SAVED_OBJECT);
  } catch (error) {
    if (!isGone(error)) throw error;
    const { text } = await exported(asking, { objects: [{ type, id }] }, signal);
    const found = objectsIn(text).find((one) => one.id === id && one.type === type);
    if (found !== undefined) return found;
    throw new KmError("SVC_006", `${placeOf(asking)}: there is no ${type} ${id}`);
  }
}

/** As Kibana imports it again: one object in each line. */
export async function exported(asking: Asking, json: object, signal: AbortSignal) {
  return await askText(asking, {
    path: "/api/saved_objects/_export",
    method: "POST",
    isRepeatable: true,
    json: { ...json, excludeExportDetails: true },
    signal,
    mostBytes: MOST_BYTES,
  });
}

export function objectsIn(text: string): SavedObject[] {
  return text.split("\n").flatMap((line) => {
    const read = v.safeParse(v.pipe(v.string(), v.parseJson(), SAVED_OBJECT), line);
    return read.success ? [read.output] : [];
  });
}

async function byExport(
  asking: Asking,
  { types, search, refersTo, offset, limit }: ObjectQuery,
  signal: AbortSignal,
): Promise<FoundObjects> {
  const { text } = await exported(asking, { type: types }, signal);
  const all = objectsIn(text)
    .filter((one) => hasWords(titleOf(one), search))
    .filter(
      (one) =>
        refersTo === undefined || one.references.some(({ id, type }) => id === refersTo.id && type === refersTo.type),
    )
    .sort((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
  return { total: all.length, objects: all.slice(offset, offset + limit) };
}

/** A path that is not there answers 404 and nothing more than that; one of an object says which. */
function isGone(error: unknown): boolean {
  if (!(error instanceof KmError)) return false;
  if (error.code === "SVC_006") return error.message.endsWith(": Not Found (HTTP 404)");
  return error.code === "SVC_007" && UNKNOWN.test(error.message) && /uri|api|route/i.test(error.message);
}

/**
 * `Change`: a request that changes one object, which the API server can also be asked to try out: what it would make of the
 * object, with defaults and the word of its admission. What differs is shown as a diff, so that it can be changed back.
 */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import type { BackendRequest } from "../../backend/backend-client.ts";
import type { Place } from "../find-object.ts";
import { KUBE_OBJECT, type KubeObject } from "../kube-object.ts";
import { KnownSecrets } from "../masking/known-secrets.ts";
import { maskObject } from "../masking/mask-object.ts";
import { objectDiff } from "../object-diff.ts";

export interface Change {
  place: Pick<Place, "cluster" | "path" | "shown">;
  /** The server gives it its name. */
  isNew?: boolean;
  request: Omit<BackendRequest, "signal">;
  /** What the caller has sent: values in it that are secret are masked where the server quotes them. */
  sent: unknown;
}

export type Outcome = "created" | "changed" | "unchanged";

export interface Changed {
  outcome: Outcome;
  diff: string;
}

/** Who changed a field, in `managedFields`. */
export const FIELD_MANAGER = "km";

/**
 * @param isTried the server is only asked what would come of it
 * @throws KmError as Cluster.json; SVC_007 for a conflict, with whom
 */
export async function change(
  { place, isNew = false, request, sent }: Change,
  { isTried, signal }: { isTried: boolean; signal: AbortSignal },
): Promise<Changed> {
  const before = isNew ? undefined : await currently(place, signal);
  const query = { ...request.query, ...(isTried && { dryRun: "All" }) };
  let after: KubeObject;
  try {
    after = await place.cluster.json({ ...request, query, signal }, KUBE_OBJECT);
  } catch (error) {
    throw withoutSent(error, sent);
  }
  const diff = objectDiff(place.shown, before, after);
  return { outcome: before === undefined ? "created" : diff === "" ? "unchanged" : "changed", diff };
}

/** The object as it is; undefined where it is not there. */
export async function currently(
  { cluster, path }: Pick<Place, "cluster" | "path">,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { status, text } = await cluster.text({ path, signal, expect: [404], headers: { accept: "application/json" } });
  if (status === 404) return undefined;
  const read = v.safeParse(KUBE_OBJECT, parsed(text));
  if (read.success) return read.output;
  throw new KmError("SVC_008", `Kubernetes answered ${path} with something else than an object`);
}

/** The same error; what was secret in what the caller has sent is masked where the server quotes it. */
export function withoutSent(error: unknown, sent: unknown): unknown {
  if (!(error instanceof KmError)) return error;
  const known = new KnownSecrets();
  for (const text of secretTexts(sent)) known.add(text);
  const conflict = error.code === "SVC_007" && error.message.includes("conflict with");
  return new KmError(error.code, known.mask(error.message), {
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(conflict && { hint: "Leave these fields to who manages them, or take them over with force: true." }),
    cause: error,
  });
}

/** What masking takes out of it. */
function secretTexts(sent: unknown): string[] {
  const texts = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : [];
  };
  const shown = new Set(texts(maskObject(sent)));
  return texts(sent).flatMap((text) => (shown.has(text) ? [] : [text, Buffer.from(text, "base64").toString("utf8")]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `readManifest`: the objects of a manifest, in YAML or JSON: several documents, lists taken apart. */
import * as v from "valibot";
import { parseAllDocuments } from "yaml";
import { KmError } from "../../../errors.ts";
import { isMapping } from "../../../is-mapping.ts";

const OBJECT = v.looseObject({
  apiVersion: v.pipe(v.string(), v.nonEmpty()),
  kind: v.pipe(v.string(), v.nonEmpty()),
  metadata: v.looseObject({
    name: v.optional(v.string()),
    generateName: v.optional(v.string()),
    namespace: v.optional(v.string()),
  }),
});

export type ManifestObject = v.InferOutput<typeof OBJECT>;

const MOST_OBJECTS = 100;
/** What others need to be there goes first. */
const FIRST = ["Namespace", "CustomResourceDefinition", "ServiceAccount", "Secret", "ConfigMap"];

/** @throws KmError SVC_001: which document, and what is wrong with it */
export function readManifest(text: string): ManifestObject[] {
  const objects = documentsOf(text).flatMap((document, index) => objectsIn(document, index + 1));
  if (objects.length === 0) throw new KmError("SVC_001", "Argument manifest has no objects in it");
  if (objects.length > MOST_OBJECTS) {
    throw new KmError("SVC_001", `Argument manifest has ${objects.length} objects, and ${MOST_OBJECTS} are allowed`);
  }
  const place = ({ kind }: ManifestObject): number => (FIRST.includes(kind) ? FIRST.indexOf(kind) : FIRST.length);
  return objects.sort((a, b) => place(a) - place(b));
}

function documentsOf(text: string): unknown[] {
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  return (Array.isArray(documents) ? documents : []).map((document, index) => {
    const [error] = document.errors;
    if (error !== undefined) {
      // Its message shows the lines around it, which may be secret.
      const line = error.linePos?.[0].line;
      throw invalid(index + 1, `it is not YAML (${error.code}${line === undefined ? "" : `, line ${line}`})`);
    }
    try {
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    } catch {
      throw invalid(index + 1, "its aliases cannot be followed");
    }
  });
}

function objectsIn(document: unknown, number: number): ManifestObject[] {
  if (document === null || document === undefined) return [];
  if (isMapping(document) && Array.isArray(document["items"]) && String(document["kind"]).endsWith("List")) {
    return document["items"].flatMap((item: unknown) => objectsIn(item, number));
  }
  const read = v.safeParse(OBJECT, document);
  if (!read.success) {
    const place = (read.issues[0].path ?? []).map(({ key }) => String(key)).join(".");
    throw invalid(number, place === "" ? "it is no object" : `${place} is missing, or not a text`);
  }
  const { name, generateName } = read.output.metadata;
  if (!name && !generateName) throw invalid(number, "metadata.name is missing");
  if (name && !/^(?!\.{1,2}$)[^/%\s\p{Cc}]{1,253}$/u.test(name)) throw invalid(number, "metadata.name is no name");
  return [read.output];
}

function invalid(number: number, why: string): KmError {
  return new KmError("SVC_001", `Argument manifest, document ${number}: ${why}`);
}

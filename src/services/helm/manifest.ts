/** `manifestObjects`: the objects of what a chart was rendered to, taken apart as helm itself does. */
import * as v from "valibot";
import { parse } from "yaml";
import { isMapping } from "../../is-mapping.ts";
import { KUBE_OBJECT, type KubeObject } from "../kubernetes/kube-object.ts";

export interface Manifest {
  objects: ManifestObject[];
  /** Documents that are no objects: they cannot be masked by their places, so they are not shown. */
  unread: number;
}

export interface ManifestObject {
  object: KubeObject;
  /** The template that it is from: `shop/templates/web.yaml`. */
  source: string | undefined;
  bytes: number;
}

/** Of helm: also within a text of several lines, where it has that in the first column. */
const BETWEEN = /(?:^|\s*\n)---\s*/;
const NAMED = v.pipe(
  KUBE_OBJECT,
  v.check(({ kind }) => kind !== undefined && kind !== ""),
);

export function manifestObjects(text: string): Manifest {
  const objects: ManifestObject[] = [];
  let unread = 0;
  for (const document of text.split(BETWEEN)) {
    const value = parsed(document);
    if (value === null || value === undefined) {
      if (document.replace(/^\s*(?:#.*)?$/gm, "").trim() !== "") unread++;
      continue;
    }
    const source = /^# Source: (\S.*)$/m.exec(document)?.[1]?.trim();
    const bytes = Buffer.byteLength(document);
    for (const one of itemsOf(value)) {
      const read = v.safeParse(NAMED, one);
      if (read.success) objects.push({ object: read.output, source, bytes });
      else unread++;
    }
  }
  return { objects, unread };
}

/** `Deployment/web`, with the namespace where the object names one: `Role/shop/web` */
export function objectName({ kind = "", metadata }: KubeObject): string {
  return [kind, metadata.namespace, metadata.name].filter(Boolean).join("/");
}

function itemsOf(value: unknown): unknown[] {
  if (isMapping(value) && Array.isArray(value["items"]) && String(value["kind"]).endsWith("List"))
    return value["items"];
  return [value];
}

/** The fast reader first: manifests have thousands of lines. It does not know all that YAML has. */
function parsed(document: string): unknown {
  try {
    return Bun.YAML.parse(document);
  } catch {
    try {
      return parse(document, { uniqueKeys: false, maxAliasCount: 1000 });
    } catch {
      return undefined;
    }
  }
}

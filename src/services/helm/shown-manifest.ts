/** `shownManifest`: rendered objects as they may be shown: secrets masked, what is too much as a list of what there is. */
import { KmError } from "../../errors.ts";
import type { Bounds } from "../kubernetes/bounds.ts";
import type { KnownSecrets } from "../kubernetes/masking/known-secrets.ts";
import { maskObject } from "../kubernetes/masking/mask-object.ts";
import { yamlText } from "../yaml-text.ts";
import { isDeniedKind } from "./check-bounds.ts";
import { type Manifest, type ManifestObject, objectName } from "./manifest.ts";

export interface ShownManifest {
  text: string;
  note: string | undefined;
  objects: { object: string; source: string | undefined; bytes: number }[];
}

/**
 * @param wanted `Deployment/web`, or a word in the names of some
 * @throws KmError SVC_006 where none is so called
 */
export function shownManifest(
  manifest: Manifest,
  {
    wanted,
    known,
    bounds,
    mostBytes,
  }: { wanted: string | undefined; known: KnownSecrets; bounds: Bounds | undefined; mostBytes: number },
): ShownManifest {
  const allowed = manifest.objects.filter(({ object }) => bounds === undefined || !isDeniedKind(bounds, object));
  const chosen = allowed.filter((one) => isMeant(one, wanted));
  if (wanted !== undefined && chosen.length === 0) {
    const some = allowed.slice(0, 30).map(({ object }) => objectName(object));
    throw new KmError("SVC_006", `Nothing in the manifest is called ${JSON.stringify(wanted)}`, {
      hint: `There are: ${some.join(", ")}${allowed.length > some.length ? ", ..." : ""}.`,
    });
  }
  const objects = chosen.map(({ object, source, bytes }) => ({ object: objectName(object), source, bytes }));
  const notes = [
    manifest.unread > 0 ? `${manifest.unread} documents are no objects, and are not shown.` : undefined,
    allowed.length < manifest.objects.length ? "Objects of denied kinds are not shown." : undefined,
  ];
  const parts: string[] = [];
  let size = 0;
  for (const { object, source } of chosen) {
    const part = `${source === undefined ? "" : `# ${source}\n`}${known.mask(yamlText(maskObject(object)))}`;
    size += Buffer.byteLength(part) + 5;
    if (size > mostBytes) break;
    parts.push(part);
  }
  if (parts.length === chosen.length) return { text: parts.join("\n---\n"), note: said(notes), objects };
  const list = objects.map((one) => `${one.object}\t${one.bytes} bytes\t${one.source ?? ""}`);
  const tooMuch = "It is too much for one answer: this is what there is; ask for some by object.";
  return { text: list.join("\n"), note: said([tooMuch, ...notes]), objects };
}

function isMeant({ object }: ManifestObject, wanted: string | undefined): boolean {
  if (wanted === undefined) return true;
  const name = objectName(object).toLowerCase();
  const short = `${object.kind ?? ""}/${object.metadata.name}`.toLowerCase();
  const word = wanted.toLowerCase();
  return word.includes("/") ? name === word || short === word : name.includes(word);
}

function said(notes: readonly (string | undefined)[]): string | undefined {
  const some = notes.filter((note) => note !== undefined);
  return some.length === 0 ? undefined : some.join(" ");
}

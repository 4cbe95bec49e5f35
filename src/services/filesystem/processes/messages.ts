/**
 * What km asks a process that works with files, and what that answers. A call to the system that hangs, as those to a network drive
 * may, cannot be broken off; a process can be ended.
 */
import * as v from "valibot";

const ROOT = v.object({ given: v.string(), path: v.string(), access: v.picklist(["read", "write"]) });
const TEXTS = v.array(v.string());

/** What tools work with, as plain data. */
export const SETUP = v.object({
  roots: v.array(ROOT),
  deny: TEXTS,
  protect: TEXTS,
  redaction: v.object({
    keys: v.exactOptional(TEXTS),
    ignoreKeys: v.exactOptional(TEXTS),
    patterns: v.exactOptional(
      v.array(v.object({ name: v.string(), pattern: v.string(), flags: v.exactOptional(v.string()) })),
    ),
    allow: v.exactOptional(TEXTS),
  }),
  versionKey: v.string(),
});
export type Setup = v.InferOutput<typeof SETUP>;

/** As services.yaml has them. */
const FOLDERS = v.object({
  roots: v.exactOptional(TEXTS),
  readOnly: v.exactOptional(TEXTS),
  home: v.exactOptional(v.string()),
});

const WORK = v.variant("kind", [
  v.object({ kind: v.literal("open"), folders: FOLDERS }),
  v.object({ kind: v.literal("probe"), setup: SETUP }),
  v.object({
    kind: v.picklist(["run", "preview"]),
    setup: SETUP,
    tool: v.string(),
    args: v.unknown(),
    mostBytes: v.number(),
  }),
]);
export type Work = v.InferOutput<typeof WORK>;

/** `cancel`: nobody waits for that call any more. */
export const REQUEST = v.union([v.object({ id: v.number(), work: WORK }), v.object({ cancel: v.number() })]);

export const OPENED = v.array(ROOT);
export const PROBED = v.array(v.object({ name: v.string(), isReady: v.boolean(), detail: v.string() }));
export const PREVIEW = v.strictObject({
  summary: v.string(),
  detail: v.exactOptional(v.string()),
  bound: v.exactOptional(v.string()),
});
/** As `Answer` of tool.ts, as far as tools of the file system use it; what they come to use has to be added here. */
export const ANSWER = v.strictObject({
  data: v.unknown(),
  text: v.exactOptional(v.string()),
  next: v.exactOptional(v.string()),
  note: v.exactOptional(v.string()),
  unmasked: v.exactOptional(TEXTS),
  images: v.exactOptional(v.array(v.object({ mimeType: v.string(), base64: v.string() }))),
  links: v.exactOptional(v.array(v.object({ uri: v.string(), name: v.string(), mimeType: v.string() }))),
});

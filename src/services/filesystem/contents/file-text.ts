/** `readText`: the whole text of a file as models see it, for tools that need all of it. */
import { KmError } from "../../../errors.ts";
import type { FilesystemBackend } from "../backend.ts";
import type { Place } from "../places/locate.ts";
import { openFile } from "../places/open-file.ts";
import { onSystem } from "../places/system-error.ts";
import { shownPath } from "../shown-path.ts";
import { wholeFile } from "./file-bytes.ts";
import { maskText, type MaskedText } from "./masked-text.ts";
import { decodeText, type DecodedText, encodeText } from "./text-encoding.ts";
import { versionOf } from "./version.ts";

export interface FileText {
  bytes: Buffer;
  version: string;
  decoded: DecodedText;
  masked: MaskedText;
}

/** Of a file that is edited or compared. */
export const MOST_TEXT_BYTES = 8 << 20;

/** @throws KmError SVC_007 for what is too large, or no text that comes out as it went in */
export function readText(place: Place, backend: FilesystemBackend): FileText {
  const bytes = wholeBytes(place);
  const decoded = decodeText(bytes);
  if (decoded === undefined || encodeText(decoded)?.equals(bytes) !== true) {
    throw new KmError("SVC_007", `${shownPath(place.path)} is no text that can be changed`, {
      hint: "filesystem_write_file replaces it as a whole.",
    });
  }
  return { bytes, decoded, version: versionOf(bytes, backend), masked: maskText(decoded.text, backend.redactor) };
}

/** @throws KmError SVC_007 for more than can be held */
export function wholeBytes(place: Place): Buffer {
  using file = openFile(place);
  const bytes = onSystem(place.path, () => wholeFile(file, MOST_TEXT_BYTES));
  if (bytes !== undefined) return bytes;
  throw new KmError("SVC_007", `${shownPath(place.path)} is larger than ${MOST_TEXT_BYTES >> 20} MB`);
}

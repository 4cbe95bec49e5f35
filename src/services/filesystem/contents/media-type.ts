/** `mediaType`: what a file that is no text seems to be, by its first bytes. */

const SIGNATURES: readonly (readonly [type: string, from: number, bytes: string])[] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 8, "WEBP"],
  ["image/bmp", 0, "BM"],
  ["image/avif", 4, "ftypavif"],
  ["audio/wav", 8, "WAVE"],
  ["audio/mpeg", 0, "ID3"],
  ["audio/flac", 0, "fLaC"],
  ["audio/ogg", 0, "OggS"],
  ["video/mp4", 4, "ftyp"],
  ["video/webm", 0, "\x1a\x45\xdf\xa3"],
  ["application/pdf", 0, "%PDF-"],
  ["application/zip", 0, "PK\x03\x04"],
  ["application/gzip", 0, "\x1f\x8b"],
  ["application/zstd", 0, "\x28\xb5\x2f\xfd"],
  ["application/x-xz", 0, "\xfd7zXZ"],
  ["application/x-bzip2", 0, "BZh"],
  ["application/vnd.sqlite3", 0, "SQLite format 3\0"],
  ["application/wasm", 0, "\0asm"],
  ["application/x-executable", 0, "\x7fELF"],
  ["application/vnd.microsoft.portable-executable", 0, "MZ"],
  ["font/woff2", 0, "wOF2"],
];

/** Those that a model is shown. */
export const SHOWN_IMAGES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function mediaType(bytes: Uint8Array): string {
  const first = Buffer.from(bytes.subarray(0, 32)).toString("latin1");
  return SIGNATURES.find(([, from, sign]) => first.startsWith(sign, from))?.[0] ?? "application/octet-stream";
}

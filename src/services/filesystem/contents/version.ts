/**
 * `versionOf`: a mark of what a file holds, to see later whether it still does. It is made with a key that nobody else has: a plain
 * digest would let one find out by trial what is masked.
 */
import type { FilesystemBackend } from "../backend.ts";

export function versionOf(bytes: Uint8Array, { versionKey }: Pick<FilesystemBackend, "versionKey">): string {
  return new Bun.CryptoHasher("sha256", versionKey).update(bytes).digest("hex").slice(0, 16);
}

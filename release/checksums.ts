/** `writeChecksums`: the list that `sha256sum -c checksums.txt` checks, and its signature. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signed } from "./release-key.ts";

/**
 * @param names of files in `folder`, in any order
 * @param keyFile without one there is no signature, nor one left over from before
 */
export async function writeChecksums(folder: string, names: string[], keyFile: string | undefined): Promise<void> {
  let text = "";
  for (const name of names.toSorted()) text += `${await sha256(join(folder, name))}  ${name}\n`;
  const list = join(folder, "checksums.txt");
  const signature = `${list}.sig`;
  writeFileSync(list, text);
  if (keyFile === undefined) rmSync(signature, { force: true });
  else writeFileSync(signature, signed(Buffer.from(text), keyFile));
}

/** In hexadecimal. */
export async function sha256(file: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(file).stream()) hash.update(chunk);
  return hash.digest("hex");
}

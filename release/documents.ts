/** `makeDocuments`: what goes along with the executable in archives and packages. */
import { join } from "node:path";
import { completionScript, type Shell, SHELLS } from "../src/completion/script.ts";
import { manPage } from "../src/help/man-page.ts";
import { licences } from "./licences.ts";
import type { Document } from "./release-types.ts";
import { ROOT } from "./root.ts";

const FILES: Record<Shell, string> = { bash: "km.bash", zsh: "_km", fish: "km.fish", powershell: "km.ps1" };

export async function makeDocuments(version: string, time: Date): Promise<Document[]> {
  const texts = ["README.md", "CHANGELOG.md"].map(async (path) => ({
    path,
    text: await Bun.file(join(ROOT, path)).text(),
  }));
  const documents: Document[] = [{ path: "LICENSE", text: licences() }, ...(await Promise.all(texts))];
  for (const shell of SHELLS) documents.push({ path: `completions/${FILES[shell]}`, text: completionScript(shell) });
  documents.push({ path: "man/km.1", text: await manPage({ version, date: time }) });
  return documents;
}

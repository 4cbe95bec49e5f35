/** `setValueInFile`: changes one value in a configuration file and leaves all else as it is. */
import { KmError } from "../errors.ts";
import { setInYaml } from "./edit.ts";
import { readText } from "./load.ts";
import { errorFrom } from "./problem.ts";
import { rewriteFile } from "./rewrite.ts";
import { readSettings } from "./settings.ts";

/**
 * @param path the names that lead to the value
 * @param value as it shall stand in the file
 * @throws KmError CFG_001 where the file cannot be read, CFG_004 where it cannot be changed
 */
export async function setValueInFile(file: string, path: string[], value: unknown): Promise<void> {
  await rewriteFile(file, () => editedText(file, path, value));
}

async function editedText(file: string, path: string[], value: unknown): Promise<string> {
  const text = readText(file) ?? "";
  if (typeof text !== "string") throw errorFrom([text]) ?? new KmError("CFG_001", `Cannot read ${file}`);
  const unreadable = errorFrom((await readSettings(file, text)).problems.filter(({ code }) => code === "CFG_001"));
  if (unreadable !== undefined) throw unreadable;
  const edited = setInYaml(text, path, value);
  if (edited === undefined) {
    throw new KmError("CFG_004", `Cannot change ${path.join(".")} in ${file} without touching the rest of it`, {
      hint: "Change it in an editor.",
    });
  }
  return edited;
}

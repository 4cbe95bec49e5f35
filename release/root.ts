/** The folder of the repository. */
import { resolve } from "node:path";

export const ROOT = resolve(import.meta.dir, "..");

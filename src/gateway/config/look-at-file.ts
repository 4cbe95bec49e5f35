/** `lookAtFile`: whether a file can be read, or appended to, by this user as it is now. Nothing is opened and nothing made. */
import { accessSync, constants, lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemReason } from "../../errors.ts";

/** @returns what is wrong with it, to go on from its name; undefined where nothing is */
export function lookAtFile(file: string, use: "read" | "append"): string | undefined {
  try {
    if (use === "read") return readingProblem(file);
    const there = lstatSync(file, { throwIfNoEntry: false });
    return there === undefined ? placeProblem(dirname(file)) : appendingProblem(file, there);
  } catch (error) {
    return `${use === "read" ? "cannot be read" : "cannot be written"}: ${systemReason(error)}`;
  }
}

function readingProblem(file: string): string | undefined {
  if (statSync(file).isDirectory()) return "is a folder, where a file is needed";
  accessSync(file, constants.R_OK);
  return undefined;
}

/** km follows no link there. */
function appendingProblem(file: string, there: Stats): string | undefined {
  if (!there.isFile()) return `is ${there.isDirectory() ? "a folder" : "no file"}, where a file is needed`;
  accessSync(file, constants.R_OK | constants.W_OK);
  return undefined;
}

/** Folders that are missing km makes. */
function placeProblem(folder: string): string | undefined {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined && folder !== dirname(folder)) return placeProblem(dirname(folder));
  if (there?.isDirectory() !== true) return `cannot be written: ${folder} is no folder`;
  accessSync(folder, constants.W_OK | constants.X_OK);
  return undefined;
}

/** `FILE_TOOLS`: the tools of the file system, as they work in a process of their own. */
import type { ServiceTool } from "../tool.ts";
import type { FilesystemBackend } from "./backend.ts";
import { copy } from "./changes/copy.ts";
import { createDirectory } from "./changes/create-directory.ts";
import { deleteTool } from "./changes/delete.ts";
import { editFile } from "./changes/edit-file.ts";
import { move } from "./changes/move.ts";
import { writeFile } from "./changes/write-file.ts";
import { fileInfo, rootsTool } from "./reading/file-info.ts";
import { listDirectory } from "./reading/list-directory.ts";
import { readFile, readFiles } from "./reading/read-file.ts";
import { searchFiles } from "./search/search-files.ts";

export const FILE_TOOLS: readonly ServiceTool<FilesystemBackend>[] = [
  rootsTool,
  listDirectory,
  readFile,
  searchFiles,
  editFile,
  writeFile,
  readFiles,
  fileInfo,
  createDirectory,
  move,
  copy,
  deleteTool,
];

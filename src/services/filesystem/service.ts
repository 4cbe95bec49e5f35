/** The service `filesystem`: files of this machine, in the folders that were opened for it and nowhere else. */
import * as v from "valibot";
import { described, list, mapping, text } from "../../guard/policy/schema-parts.ts";
import type { Service } from "../service.ts";
import type { FilesystemBackend } from "./backend.ts";
import { copy } from "./changes/copy.ts";
import { createDirectory } from "./changes/create-directory.ts";
import { deleteTool } from "./changes/delete.ts";
import { editFile } from "./changes/edit-file.ts";
import { move } from "./changes/move.ts";
import { writeFile } from "./changes/write-file.ts";
import { NameRules } from "./places/name-rules.ts";
import { openRoots } from "./places/roots.ts";
import { USUAL_DENY, USUAL_PROTECT } from "./places/usual-names.ts";
import { fileInfo, rootsTool } from "./reading/file-info.ts";
import { listDirectory } from "./reading/list-directory.ts";
import { readFile, readFiles } from "./reading/read-file.ts";
import { searchFiles } from "./search/search-files.ts";
import { accessSync, constants } from "node:fs";
import { messageOf } from "../../errors.ts";

const FOLDERS = "a list of folders";
const NAMES = "a list of names: .env, *.pem, .config/gcloud; an exception begins with !";
const names = v.array(text(NAMES, 500), NAMES);

const config = mapping(
  {
    roots: described(
      "Folders whose files may be read, and changed where --allow says so",
      list(text(FOLDERS, 4096), FOLDERS),
    ),
    read_only: described("Folders whose files may be read", list(text(FOLDERS, 4096), FOLDERS)),
    deny: described("Files and folders that tools are kept from, by their names, in place of the usual list", names),
    protect: described("Those that may be read and not changed, in place of .git", names),
  },
  "a mapping with roots",
);

const service: Service<v.InferOutput<typeof config>, FilesystemBackend> = {
  name: "filesystem",
  title: "Files",
  description: "Read, search and change files in the folders that were opened for it",
  config,
  flags: {
    root: {
      key: "roots",
      valueHint: "folder",
      description: "Folder whose files tools may use; may be repeated",
      repeat: true,
    },
    "read-only-root": {
      key: "read_only",
      valueHint: "folder",
      description: "Folder whose files tools may only read",
      repeat: true,
    },
  },
  tools: [
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
  ],
  async open({ roots, read_only: readOnly, deny, protect }, { home, redactor }) {
    return {
      roots: openRoots({ roots, readOnly }, home),
      platform: process.platform,
      denied: new NameRules(deny ?? USUAL_DENY),
      protected: new NameRules(protect ?? USUAL_PROTECT),
      redactor,
      versionKey: crypto.randomUUID(),
    };
  },
  async probe({ roots }) {
    return roots.map(({ path, access }) => {
      try {
        accessSync(path, constants.R_OK | constants.X_OK);
        return {
          name: path,
          isReady: true,
          detail: access === "read" ? "It can be read." : "It can be read and changed.",
        };
      } catch (error) {
        return { name: path, isReady: false, detail: messageOf(error) };
      }
    });
  },
};

export default service;

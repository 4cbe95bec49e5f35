/** The service `filesystem`: files of this machine, in the folders that were opened for it and nowhere else. */
import * as v from "valibot";
import { described, list, mapping, text } from "../../guard/policy/schema-parts.ts";
import { KmError } from "../../errors.ts";
import type { Service } from "../service.ts";
import { FILE_TOOLS } from "./file-tools.ts";
import { USUAL_DENY, USUAL_PROTECT } from "./places/usual-names.ts";
import { elsewhere, type FilesElsewhere } from "./processes/elsewhere.ts";
import { file } from "./resource.ts";
import { fileProcesses } from "./processes/file-processes.ts";
import { OPENED, PROBED } from "./processes/messages.ts";

/** To look where the roots are. */
const OPEN_MS = 20_000;
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

const service: Service<v.InferOutput<typeof config>, FilesElsewhere> = {
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
  tools: FILE_TOOLS.map(elsewhere),
  resources: [file],
  async open({ roots = [], read_only: readOnly = [], deny, protect }, { home, redactor }) {
    const processes = fileProcesses();
    try {
      const folders = { roots, readOnly, ...(home !== undefined && { home }) };
      const opened = await processes.ask({ kind: "open", folders }, { signal: AbortSignal.timeout(OPEN_MS) });
      const setup = {
        roots: v.parse(OPENED, opened),
        deny: [...(deny ?? USUAL_DENY)],
        protect: [...(protect ?? USUAL_PROTECT)],
        redaction: redactor.rules,
        versionKey: crypto.randomUUID(),
      };
      return { processes, setup };
    } catch (error) {
      await processes.close();
      if (!(error instanceof DOMException)) throw error;
      throw new KmError("SVC_003", `filesystem: the folders have not answered within ${OPEN_MS / 1000} s`, {
        hint: "Is one of them on a drive that hangs?",
        cause: error,
      });
    }
  },
  async probe({ processes, setup }, signal) {
    return v.parse(PROBED, await processes.ask({ kind: "probe", setup }, { signal }));
  },
  async close({ processes }) {
    await processes.close();
  },
};

export default service;

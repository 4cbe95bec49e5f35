/** The resource `file:///path`: a file or folder in the folders that were opened, as the tools show it: by the same code. */
import * as v from "valibot";
import { pathToFileURL } from "node:url";
import { KmError } from "../../errors.ts";
import { UNABLE } from "../question.ts";
import { resource, type ResourceCall } from "../resource.ts";
import type { Answer, ServiceTool } from "../tool.ts";
import { pathArgument } from "./arguments.ts";
import type { FilesystemBackend } from "./backend.ts";
import { elsewhere, type FilesElsewhere } from "./processes/elsewhere.ts";
import { fileInfo } from "./reading/file-info.ts";
import { listDirectory } from "./reading/list-directory.ts";
import { readFile } from "./reading/read-file.ts";

type Call = ResourceCall<FilesElsewhere>;

const INFO = v.object({ path: v.string(), kind: v.string() });
const REAL = v.object({ path: v.string() });
const ENTRIES = v.object({ entries: v.array(v.object({ path: v.string(), kind: v.string() })) });
const LOOK = v.object({ path: v.string(), size: v.number(), modified: v.string(), changed: v.string() });
const PART = v.object({
  type: v.string(),
  content: v.exactOptional(v.string()),
  base64: v.exactOptional(v.string()),
});
const FOLDER = "inode/directory";
/** Of a folder. */
const MOST_SHOWN = 500;
const LETTER = /^\/[a-z]:\//i;
/** For what is shown of it to nobody but this. */
const USUAL_BYTES = 256 << 10;

export const file = resource({
  name: "file",
  title: "File",
  description: "A file of the folders that were opened, with secrets masked, or what is in a folder",
  uri: "file:///{+path}",
  needs: "filesystem_read_file",
  variables: v.strictObject({ path: pathArgument }),
  async identify({ path }, call: Call) {
    return addressOf((await infoOf(path, call)).path);
  },
  async read({ path }, call) {
    const { kind, path: real } = await infoOf(path, call);
    if (kind === "folder") {
      const { text, note } = await answerOf(listDirectory, { path: real, limit: MOST_SHOWN }, call);
      return { mimeType: FOLDER, text: [text, note].filter(Boolean).join("\n") };
    }
    const { data, next, images = [] } = await answerOf(readFile, { path: real, base64: true }, call);
    if (next !== undefined) {
      throw new KmError("SVC_008", "The file is larger than an answer may be", {
        hint: "filesystem_read_file reads it in parts.",
      });
    }
    const { type, content, base64 = images[0]?.base64 } = v.parse(PART, data);
    if (content !== undefined) return { mimeType: "text/plain", text: content };
    return { mimeType: type, base64: base64 ?? "" };
  },
  list: ({ backend }) =>
    Promise.resolve(
      backend.setup.roots.map(({ path, access }) => ({
        uri: addressOf(path),
        name: path,
        description: access === "read" ? "Files that may be read" : "Files that may be read and changed",
        mimeType: FOLDER,
      })),
    ),
  async look({ path }, call) {
    return JSON.stringify(v.parse(LOOK, (await answerOf(fileInfo, { path: absolute(path) }, call)).data));
  },
  complete: {
    async path(typed, { backend, signal }) {
      const folder = typed.slice(0, typed.lastIndexOf("/") + 1);
      if (folder === "") return backend.setup.roots.map(({ path }) => path.replace(/^\//, "").replaceAll("\\", "/"));
      const { data } = await answerOf(
        listDirectory,
        { path: absolute(folder), limit: MOST_SHOWN },
        { backend, signal },
      );
      const { entries } = v.parse(ENTRIES, data);
      return entries.map(({ path, kind }) => `${folder}${path}${kind === "folder" ? "/" : ""}`);
    },
  },
});

/** Links to files are followed, as far as they may be. */
async function infoOf(path: string, call: Call): Promise<v.InferOutput<typeof INFO>> {
  const info = v.parse(INFO, (await answerOf(fileInfo, { path: absolute(path) }, call)).data);
  if (info.kind !== "link") return info;
  const { data } = await answerOf(readFile, { path: info.path, lines: 1 }, call);
  return { ...info, ...v.parse(REAL, data), kind: "file" };
}

async function answerOf(
  tool: ServiceTool<FilesystemBackend>,
  args: unknown,
  { backend, signal, mostBytes }: Omit<Call, "mostBytes"> & { mostBytes?: number },
): Promise<Answer<unknown>> {
  const prepared = elsewhere(tool).prepare(args);
  if (prepared.issues !== undefined) throw new KmError("SVC_001", "There can be no file at this address");
  return await prepared.run({
    backend,
    signal,
    mostBytes: mostBytes ?? USUAL_BYTES,
    ask: UNABLE,
    progress: () => undefined,
  });
}

/** As an address has it, which begins with a slash that a drive has not. */
function absolute(path: string): string {
  const rooted = `/${path}`;
  return LETTER.test(rooted) ? path : rooted;
}

function addressOf(path: string): string {
  return pathToFileURL(path).href;
}

/** The tool `helm_pull`: fetches a chart into the folder for charts, to be read, examined or changed there. */
import { cp, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { tool, type ToolCall } from "../tool.ts";
import { chartArguments, flag } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";

export const pull = tool({
  name: "pull",
  title: "Fetch a chart",
  description: "Fetch a chart into the folder for charts; what is there under its name already stays.",
  access: "write",
  toolset: "charts",
  input: v.strictObject({ ...chartArguments, untar: flag("As a folder, not as an archive") }),
  output: v.object({ path: v.string() }),
  async run(input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const { folder } = backend.places;
    if (folder === undefined) {
      throw new KmError("SVC_002", "There is no folder that charts may be put into", {
        hint: "Whoever runs this server can name one: helm.charts in services.yaml.",
      });
    }
    const found = await backend.places.find(input);
    if (found.isLocal) throw new KmError("SVC_001", "Argument chart is a local one: there is nothing to fetch");
    const into = await mkdtemp(join(work.folder, "chart-"));
    const untar = input.untar === true ? ["--untar", `--untardir=${into}`] : [];
    const args = [
      "pull",
      ...found.flags,
      ...untar,
      `--destination=${input.untar === true ? work.folder : into}`,
      "--",
      found.name,
    ];
    await work.text({ could: `fetch ${found.name}`, args });
    const [name] = await readdir(into);
    if (name === undefined) throw new KmError("SVC_008", `helm has fetched nothing for ${found.name}`);
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined)) !== undefined) {
      throw new KmError("SVC_007", `${path} is there already, and stays as it is`, {
        hint: "Use it, or have it removed.",
      });
    }
    await moved(join(into, name), path);
    return { data: { path }, text: `Fetched to ${path}` };
  },
});

/** Whole or not at all: what has another name until it is whole is nobody's chart. */
async function moved(from: string, to: string): Promise<void> {
  const fresh = `${to}.km-${crypto.randomUUID()}`;
  try {
    await cp(from, fresh, { recursive: true, errorOnExist: true, force: false });
    await rename(fresh, to);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

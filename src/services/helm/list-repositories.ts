/** The tool `helm_repositories`: helm itself, the repositories that it knows, and how old their indexes are. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { age } from "../age.ts";
import { maskedUrl } from "../masked-config.ts";
import { tool, type ToolCall } from "../tool.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { counted } from "../../counted.ts";

const REPOSITORIES = v.array(v.looseObject({ name: v.string(), url: v.string() }));

export const listRepositories = tool({
  name: "repositories",
  title: "Repositories",
  description: "The repositories that helm knows, how old the index of each is, and helm's own version.",
  access: "read",
  toolset: "charts",
  input: v.strictObject({}),
  output: v.object({ helm: v.string(), repositories: v.array(v.unknown()) }),
  async run(_input, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const [{ text: helm }, cache, known] = [await work.version(), await cacheFolder(work), await repositoriesOf(work)];
    const repositories = await Promise.all(
      known.map(async ({ name, url }) => {
        const index = await stat(join(cache, `${name}-index.yaml`)).catch(() => undefined);
        const read = index === undefined ? "never" : age(index.mtime.toISOString());
        return { name, url: maskedUrl(url), index_age: read, index_bytes: index?.size ?? 0 };
      }),
    );
    const lines = repositories.map((one) => [one.name, one.url, one.index_age, `${one.index_bytes} bytes`].join("\t"));
    const whose = backend.repositories.areFixed ? "those of services.yaml" : "helm's own";
    return {
      data: { helm, fixed: backend.repositories.areFixed, repositories },
      text: [`Helm ${helm}; ${counted(repositories.length, "repository", "repositories")}, ${whose}`, ...lines].join(
        "\n",
      ),
    };
  },
});

/** None where helm says that there are none, which it takes for an error. @throws KmError as HelmWork */
export async function repositoriesOf(work: HelmWork): Promise<v.InferOutput<typeof REPOSITORIES>> {
  const step = { could: "list the repositories", args: ["repo", "list", "--output=json"] };
  const end = await work.end(step);
  if (end.code !== 0 && /no repositories/.test(end.stderr)) return [];
  if (end.code !== 0) throw work.error(step.could, end);
  return await work.json(step, REPOSITORIES);
}

async function cacheFolder(work: HelmWork): Promise<string> {
  const text = await work.text({ could: "say where its folders are", args: ["env"] });
  return /^HELM_REPOSITORY_CACHE="(.*)"$/m.exec(text)?.[1] ?? "";
}

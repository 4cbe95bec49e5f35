/** The tool `helm_charts`: charts of the repositories that helm knows, or of a hub. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { text, word } from "../../guard/policy/schema-parts.ts";
import { listed } from "../listed.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { flag, versionArgument } from "./arguments.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";

const FOUND = v.array(
  v.looseObject({
    name: v.optional(v.string()),
    url: v.optional(v.string()),
    version: v.optional(v.string(), ""),
    app_version: v.optional(v.string(), ""),
    description: v.optional(v.string(), ""),
  }),
);
const WORDS = "words, without control characters";
const LONGEST = 160;

export const charts = tool({
  name: "charts",
  title: "Find charts",
  description: "Charts of the known repositories, or of a hub (Artifact Hub).",
  access: "read",
  toolset: "charts",
  input: v.strictObject({
    search: v.optional(
      v.pipe(
        text(WORDS, 200),
        v.check((value) => !/\p{Cc}/u.test(value), WORDS),
      ),
    ),
    source: v.optional(word("repositories", "hub"), "repositories"),
    version: v.optional(v.pipe(versionArgument, v.description("Such as ^1.2"))),
    versions: flag("All versions of each"),
    devel: flag("Also those before a release"),
    limit: limitArgument(30),
    continue: continueArgument,
  }),
  output: v.object({ total: v.number(), charts: v.array(v.unknown()) }),
  async run(
    { search, source, version, versions, devel, limit, continue: token },
    { backend, signal, mostBytes }: ToolCall<HelmBackend>,
  ) {
    await using work = await HelmWork.begin(backend, signal);
    const flags = [
      ...(version === undefined ? [] : [`--version=${version}`]),
      ...(versions === true ? ["--versions"] : []),
      ...(devel === true ? ["--devel"] : []),
    ];
    if (source === "hub" && flags.length > 0) {
      throw new KmError(
        "SVC_001",
        "Arguments version, versions and devel are for repositories: a hub does not take them",
      );
    }
    const args = source === "hub" ? ["search", "hub", `--endpoint=${backend.hub}`] : ["search", "repo", ...flags];
    const words = search === undefined ? [] : [search];
    const found = await work.json(
      { could: "search for charts", args: [...args, "--output=json", "--", ...words] },
      FOUND,
    );
    const all = found.map(({ name, url, version: newest, app_version, description }) => ({
      name: name ?? url ?? "",
      version: newest,
      app_version,
      description: description.length > LONGEST ? `${description.slice(0, LONGEST)}…` : description,
    }));
    return listed(
      {
        all,
        what: "charts",
        limit,
        token,
        question: [search, source, version, versions, devel],
        mostBytes,
        note:
          all.length === 0 && source === "repositories"
            ? "helm_repositories lists what is searched; source hub finds others."
            : undefined,
        line: (one) => [one.name, one.version, one.app_version, one.description].join("\t"),
      },
      (items, total) => ({ total, charts: items }),
    );
  },
});

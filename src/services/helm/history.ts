/** The tool `helm_history`: the revisions that a release has had. */
import * as v from "valibot";
import { age } from "../age.ts";
import { contextArgument, namespaceArgument } from "../kubernetes/arguments.ts";
import { withoutQuotedBody } from "../kubernetes/kube-error.ts";
import { listed } from "../listed.ts";
import { continueArgument, limitArgument } from "../page.ts";
import { tool, type ToolCall } from "../tool.ts";
import { releaseText } from "./arguments.ts";
import type { HelmBackend, Target } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";

const HISTORY = v.array(
  v.looseObject({
    revision: v.number(),
    updated: v.optional(v.string(), ""),
    status: v.string(),
    chart: v.optional(v.string(), ""),
    app_version: v.optional(v.string(), ""),
    description: v.optional(v.string(), ""),
  }),
);
export type Revision = v.InferOutput<typeof HISTORY>[number];

export const history = tool({
  name: "history",
  title: "History of a release",
  description: "Revisions, the newest first, and what was said of each.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    name: releaseText,
    namespace: namespaceArgument,
    limit: limitArgument(20),
    continue: continueArgument,
    context: contextArgument,
  }),
  output: v.object({ total: v.number(), revisions: v.array(v.unknown()) }),
  async run({ name, limit, continue: token, ...place }, { backend, signal, mostBytes }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    const all = (await revisionsOf(work, backend.target(place), name)).map(({ updated, ...one }) => ({
      ...one,
      description: work.masked(withoutQuotedBody(one.description)),
      age: age(updated),
    }));
    return listed(
      {
        all,
        what: "revisions",
        limit,
        token,
        question: [name, place],
        mostBytes,
        line: (one) => [one.revision, one.status, one.chart, one.app_version, one.age, one.description].join("\t"),
      },
      (items, total) => ({ total, revisions: items }),
    );
  },
});

/** The newest first. @throws KmError SVC_006 where there is no such release; as HelmWork */
export async function revisionsOf(work: HelmWork, target: Target, name: string): Promise<Revision[]> {
  const could = `find the history of ${name} in ${target.namespace}`;
  const args = ["history", ...target.flags, "--max=1000", "--output=json", "--", name];
  return (await work.json({ could, args }, HISTORY)).sort((a, b) => b.revision - a.revision);
}

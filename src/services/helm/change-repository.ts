/** The tool `helm_repository`: adds a repository, takes one away, or reads the indexes anew. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";
import { described, text, word } from "../../guard/policy/schema-parts.ts";
import { tool, type ToolCall } from "../tool.ts";
import type { HelmBackend } from "./backend.ts";
import { HelmWork } from "./helm-work.ts";
import { repositoriesOf } from "./list-repositories.ts";

const NAME = "the name of a repository: letters, digits, dots, dashes and underscores";

export const changeRepository = tool({
  name: "repository",
  title: "Change repositories",
  description: "Add or remove a repository, or update: read the indexes of all anew.",
  access: "write",
  isIdempotent: true,
  toolset: "charts",
  input: v.strictObject({
    action: word("add", "remove", "update"),
    name: described(
      "Of add and remove",
      v.pipe(
        v.string(NAME),
        v.check((value) => /^[A-Za-z0-9][\w.-]{0,62}$/.test(value), NAME),
      ),
    ),
    url: described("Of add", text("a URL", 2000)),
  }),
  output: v.object({ repositories: v.array(v.string()) }),
  async run({ action, name, url }, { backend, signal }: ToolCall<HelmBackend>) {
    await using work = await HelmWork.begin(backend, signal);
    if (action === "update") {
      const text = await work.text({ could: "read the repositories anew", args: ["repo", "update"] });
      const names = (await repositoriesOf(work)).map((one) => one.name);
      return { data: { repositories: names }, text: work.masked(text.trim()) };
    }
    backend.repositories.checkChange();
    if (name === undefined) throw missing("name", action);
    if (action === "add") {
      if (url === undefined) throw missing("url", action);
      await backend.places.checkAddress(url, "url");
      await work.text({
        could: `add the repository ${name}`,
        args: ["repo", "add", "--force-update", "--", name, url],
      });
    } else {
      await work.text({ could: `remove the repository ${name}`, args: ["repo", "remove", "--", name] });
    }
    const names = (await repositoriesOf(work)).map((one) => one.name);
    return { data: { repositories: names }, text: `Repositories: ${names.join(", ") || "none"}` };
  },
});

function missing(argument: string, action: string): KmError {
  return new KmError("SVC_001", `Argument ${argument} is missing: ${action} needs it`);
}

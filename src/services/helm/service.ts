/** The service `helm`: releases and charts, by the program `helm`. */
import * as v from "valibot";
import { described, list, mapping, record, text } from "../../guard/policy/schema-parts.ts";
import type { Service } from "../service.ts";
import { HelmBackend } from "./backend.ts";
import { changeRepository } from "./change-repository.ts";
import { chart } from "./chart.ts";
import { charts } from "./charts.ts";
import { diff } from "./diff.ts";
import { history } from "./history.ts";
import { install } from "./install.ts";
import { lint } from "./lint.ts";
import { listRepositories } from "./list-repositories.ts";
import { probeHelm } from "./probe-helm.ts";
import { pull } from "./pull.ts";
import { release } from "./release.ts";
import { releases } from "./releases.ts";
import { rollback } from "./rollback.ts";
import { template } from "./template.ts";
import { testRelease } from "./test-release.ts";
import { uninstall } from "./uninstall.ts";
import { upgrade } from "./upgrade.ts";
import { failedRelease } from "./prompt.ts";

const NAMES = "a list of names";
const FOLDERS = "a list of folders";
const REPOSITORY = "the name of a repository: letters, digits, dots, dashes and underscores";

const repository = mapping(
  {
    url: v.pipe(text("a URL", 4096), v.description("Where its index.yaml is")),
    username: described("Sent to it", text("a text")),
    password: described("Sent to it; ${keychain:name} keeps it out of the file", text("a text")),
    ca: described("A file with authorities that are trusted, in PEM", text("a file", 4096)),
  },
  "a mapping of url, username, password and ca",
);

const config = mapping(
  {
    command: described("The program; default: helm, on the PATH", text("a program", 4096)),
    kubeconfig: described(
      "File; default: KUBECONFIG, ~/.kube/config, or the pod's service account",
      text("a file", 4096),
    ),
    context: described("Which is meant where a call names none; default: the kubeconfig's own", text("a name", 253)),
    contexts: described("Which may be used; default: all", list(text(NAMES, 253), NAMES)),
    namespaces: described("Which may be used, also by charts; default: all", list(text(NAMES, 63), NAMES)),
    denied_kinds: described("What no chart may bring, such as [ClusterRole]", list(text(NAMES, 253), NAMES)),
    charts: described(
      "Folders whose charts may be used; helm_pull puts charts into the first",
      list(text(FOLDERS, 4096), FOLDERS),
    ),
    repositories: described(
      "These and no others, by name; default: those that helm knows",
      v.pipe(
        record(repository, "a mapping of names to repositories"),
        v.check((some) => Object.keys(some).every((name) => /^[A-Za-z0-9][\w.-]{0,62}$/.test(name)), REPOSITORY),
      ),
    ),
    sources: described(
      "Where else charts may come from, such as oci://ghcr.io/shop/; default: any public address, or with repositories none",
      list(text("an address", 4096), "a list of addresses"),
    ),
    folder: described(
      "Where helm keeps repositories and indexes; default: the user's own folders",
      text("a folder", 4096),
    ),
    hub: described("Where charts are searched for; default: https://hub.helm.sh", text("a URL", 4096)),
    plugins: described("Let helm load its plugins; default: false", v.boolean("true or false")),
  },
  "a mapping of command, kubeconfig, context, contexts, namespaces, denied_kinds, charts, repositories, sources, folder, hub and plugins",
);

const service: Service<v.InferOutput<typeof config>, HelmBackend> = {
  name: "helm",
  title: "Helm",
  description:
    "Look at and change Helm releases, and find and examine charts. namespace and context: those of the kubeconfig unless given",
  config,
  flags: {
    helm: { key: "command", valueHint: "file", description: "The program helm" },
    charts: { key: "charts", valueHint: "folder", description: "A folder whose charts may be used", repeat: true },
  },
  tools: [
    releases,
    release,
    history,
    diff,
    charts,
    chart,
    template,
    lint,
    listRepositories,
    changeRepository,
    pull,
    install,
    upgrade,
    rollback,
    uninstall,
    testRelease,
  ],
  prompts: [failedRelease],
  open(settings, around) {
    return Promise.resolve(new HelmBackend(settings, around));
  },
  probe: probeHelm,
  close: (backend) => backend.close(),
};

export default service;

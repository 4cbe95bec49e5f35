/**
 * `ChartPlaces`: where charts may come from: repositories that are known, addresses that are allowed, folders that were named for
 * it. Whatever else a call names is refused before helm is started.
 */
import { realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { KmError } from "../../errors.ts";
import { vettedAddresses } from "../utilities/vetted-host.ts";

export interface NamedChart {
  chart: string;
  version?: string | undefined;
  repo?: string | undefined;
}

export interface FoundChart {
  /** As helm is told it. */
  name: string;
  flags: string[];
  isLocal: boolean;
}

const IN_REPOSITORY = /^([A-Za-z0-9][\w.-]{0,62})\/([A-Za-z0-9][\w.-]{0,253})$/;
const NAME = /^[A-Za-z0-9][\w.-]{0,253}$/;
const URL_LIKE = /^[a-z][a-z0-9+]*:\/\//i;

export class ChartPlaces {
  readonly #folders: readonly string[];
  readonly #sources: readonly string[] | undefined;
  readonly #repositories: Record<string, { url: string }> | undefined;

  /** @param places sources: addresses that may be used besides those of repositories; what is public unless given */
  constructor(places: {
    folders: readonly string[];
    sources: readonly string[] | undefined;
    repositories: Record<string, { url: string }> | undefined;
  }) {
    this.#folders = places.folders;
    this.#sources = places.sources;
    this.#repositories = places.repositories;
  }

  /** Where new charts are put; undefined where there is no folder for them. */
  get folder(): string | undefined {
    return this.#folders[0];
  }

  /** @throws KmError SVC_001 for what is no chart, SVC_002 for what is not allowed, SVC_006 for a folder that is not there */
  async find({ chart, version, repo }: NamedChart): Promise<FoundChart> {
    const flags = version === undefined ? [] : [`--version=${version}`];
    if (repo !== undefined) {
      if (!NAME.test(chart)) {
        throw new KmError("SVC_001", "Argument chart: with repo it is the name of the chart alone, such as nginx");
      }
      await this.checkAddress(repo, "repo");
      return { name: chart, flags: [...flags, `--repo=${repo}`], isLocal: false };
    }
    if (URL_LIKE.test(chart)) {
      await this.checkAddress(chart, "chart");
      return { name: chart, flags, isLocal: false };
    }
    const [, repository] = IN_REPOSITORY.exec(chart) ?? [];
    if (repository === undefined) return { name: await this.#local(chart), flags: [], isLocal: true };
    const known = this.#repositories && Object.keys(this.#repositories);
    if (known === undefined || known.includes(repository)) return { name: chart, flags, isLocal: false };
    throw new KmError("SVC_001", `Argument chart: there is no repository ${repository}`, {
      hint: `There are: ${known.join(", ")}. A local chart begins with ./ or /.`,
    });
  }

  /** @throws KmError SVC_001 for what is no address, SVC_002 for one that is not allowed */
  async checkAddress(text: string, argument: string): Promise<void> {
    if (!URL.canParse(text) || !/^(?:https?|oci):/i.test(text) || /[\s\p{Cc}]/u.test(text)) {
      throw new KmError("SVC_001", `Argument ${argument} is no address of a chart or a repository`, {
        hint: "Allowed: https://, http:// and oci://.",
      });
    }
    const url = new URL(text);
    if (url.username !== "" || url.password !== "") {
      throw new KmError("SVC_001", `Argument ${argument} cannot have a name or a password in it`, {
        hint: "Whoever runs this server can give them: helm.repositories in services.yaml.",
      });
    }
    const allowed = [...(this.#sources ?? []), ...Object.values(this.#repositories ?? {}).map((one) => one.url)];
    if (allowed.some((one) => isBelow(url, one))) return;
    if (this.#sources !== undefined || this.#repositories !== undefined) {
      throw new KmError("SVC_002", `Argument ${argument}: ${url.protocol}//${url.host} is not allowed here`, {
        hint: "Whoever runs this server can allow it: helm.sources in services.yaml.",
      });
    }
    await vettedAddresses(new URL(text.replace(/^oci:/i, "https:")), []);
  }

  async #local(chart: string): Promise<string> {
    if (this.#folders.length === 0) {
      throw new KmError(
        "SVC_002",
        "Argument chart is no chart of a repository, and local charts are not allowed here",
        {
          hint: "Give repo/name or an address; whoever runs this server can allow folders: helm.charts in services.yaml.",
        },
      );
    }
    for (const folder of this.#folders) {
      const [root, path] = await Promise.all([real(folder), real(isAbsolute(chart) ? chart : resolve(folder, chart))]);
      if (root !== undefined && path !== undefined && isWithin(root, path)) return path;
    }
    throw new KmError("SVC_006", `There is no chart ${JSON.stringify(chart)} in the folders for charts`, {
      hint: `Give a path within ${this.#folders.join(" or ")}, or repo/name for one of a repository.`,
    });
  }
}

/** The same host, and a path that begins with the same segments. */
function isBelow(url: URL, allowed: string): boolean {
  if (!URL.canParse(allowed)) return false;
  const base = new URL(allowed);
  const path = base.pathname.replace(/\/+$/, "");
  const isSameHost = url.protocol === base.protocol && url.host === base.host;
  // What a server makes of these is not known.
  if (/%2e|%2f|%5c|\\/i.test(url.pathname) || url.pathname.split("/").includes("..")) return false;
  return isSameHost && (path === "" || url.pathname === path || url.pathname.startsWith(`${path}/`));
}

function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function real(path: string): Promise<string | undefined> {
  return await realpath(path).catch(() => undefined);
}

/**
 * `Repositories`: where helm keeps its repositories and their indexes: the user's own folders, a folder that was named for it, or,
 * where services.yaml lists repositories, a folder with these and no others.
 */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { KmError } from "../../errors.ts";
import { resolveText } from "../../servers/references.ts";
import type { Surroundings } from "../service.ts";
import { helmError } from "./helm-error.ts";
import type { HelmProgram } from "./helm-program.ts";

export interface WrittenRepository {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** A file with authorities that are trusted, in PEM. */
  ca?: string | undefined;
}

export class Repositories {
  /** Whether they are those of services.yaml. */
  readonly areFixed: boolean;
  readonly #written: Record<string, WrittenRepository>;
  readonly #folder: string | undefined;
  readonly #around: Surroundings;
  #made: Promise<string> | undefined;
  #isUpdated: Promise<void> | undefined;

  constructor(
    written: Record<string, WrittenRepository> | undefined,
    folder: string | undefined,
    around: Surroundings,
  ) {
    this.areFixed = written !== undefined;
    this.#written = written ?? {};
    this.#folder = folder;
    this.#around = around;
  }

  /** @throws KmError SRV_004 for references that lead to nothing, SVC_003 where a repository cannot be read */
  async environment(program: HelmProgram, scratch: string, signal: AbortSignal): Promise<Record<string, string>> {
    if (!this.areFixed) return this.#folder === undefined ? {} : variables(this.#folder);
    this.#made ??= this.#make();
    const folder = await this.#made.catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    const env = variables(folder);
    this.#isUpdated ??= this.#update(program, scratch, env, signal);
    await this.#isUpdated.catch((error: unknown) => {
      this.#isUpdated = undefined;
      throw error;
    });
    return env;
  }

  /** @throws KmError SVC_002 where they are those of services.yaml */
  checkChange(): void {
    if (!this.areFixed) return;
    throw new KmError("SVC_002", "The repositories are those of services.yaml, and no call changes them", {
      hint: `There are: ${Object.keys(this.#written).join(", ")}. Whoever runs this server can add others: helm.repositories.`,
    });
  }

  /** What is kept for this process alone is removed. */
  async close(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    if (made !== undefined && this.#folder === undefined) await rm(made, { recursive: true, force: true });
  }

  /** As helm itself writes it: on its command line passwords would be seen by others. */
  async #make(): Promise<string> {
    const repositories = await Promise.all(
      Object.entries(this.#written).map(async ([name, { url, username, password, ca }]) => {
        const resolved = async (text: string | undefined, key: string): Promise<string | undefined> =>
          text && (await resolveText(text, `helm: repositories.${name}.${key}`, this.#around.references));
        return {
          name,
          url: await resolved(url, "url"),
          username: (await resolved(username, "username")) ?? "",
          password: (await resolved(password, "password")) ?? "",
          caFile: ca ?? "",
        };
      }),
    );
    const folder = this.#folder ?? (await mkdtemp(join(tmpdir(), "km-helm-repositories-")));
    const { HELM_REPOSITORY_CONFIG: file, HELM_REPOSITORY_CACHE: cache } = variables(folder);
    await mkdir(join(folder, "config"), { recursive: true, mode: 0o700 });
    await mkdir(cache, { recursive: true, mode: 0o700 });
    const text = stringify({ apiVersion: "", generated: new Date(0).toISOString(), repositories });
    // Another km may read it at this moment.
    const fresh = `${file}.${process.pid}.${crypto.randomUUID()}`;
    await writeFile(fresh, text, { mode: 0o600, flag: "wx" });
    await rename(fresh, file);
    return folder;
  }

  async #update(program: HelmProgram, folder: string, env: Record<string, string>, signal: AbortSignal): Promise<void> {
    if (Object.keys(this.#written).length === 0) return;
    const { code, stderr, stdout } = await program.run({ args: ["repo", "update"], folder, env, signal });
    // Some may be there while others are not: what is searched for in these says so.
    if (code !== 0) throw helmError("read the repositories of services.yaml", `${stdout}\n${stderr}`, (text) => text);
  }
}

function variables(folder: string) {
  return {
    HELM_CONFIG_HOME: join(folder, "config"),
    HELM_CACHE_HOME: join(folder, "cache"),
    HELM_DATA_HOME: join(folder, "data"),
    HELM_REPOSITORY_CONFIG: join(folder, "config", "repositories.yaml"),
    HELM_REPOSITORY_CACHE: join(folder, "cache", "repository"),
    HELM_REGISTRY_CONFIG: join(folder, "config", "registry.json"),
  };
}

/**
 * `Discovery`: the kinds that an API server has. The usual ones are known; the rest of the core group and of `apps` is asked for
 * first, and all others come in two answers from a server that aggregates them (1.26 and later), in one for each version of a
 * group from an older one.
 */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import type { BackendRequest } from "../../backend/backend-client.ts";
import { findResource, nearestKind } from "./find-resource.ts";
import { apiVersionOf, type Resource } from "./resource.ts";
import { AGGREGATED, GROUPS, RESOURCES, resourcesOfGroups, resourcesOfList } from "./read-discovery.ts";
import { USUAL_KINDS } from "./usual-kinds.ts";

/** Kinds come and go with the definitions of custom resources. */
const KEPT_MS = 300_000;
const AGGREGATED_TYPES = ["v2", "v2beta1"]
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .concat("application/json")
  .join(",");
const FIRST = [
  { path: "/api/v1", group: "", version: "v1" },
  { path: "/apis/apps/v1", group: "apps", version: "v1" },
];
/** A large answer: hundreds of kinds. */
const MOST_BYTES = 32 << 20;

/** As `BackendClient.json`. */
type AskJson = <T>(request: BackendRequest, read: (value: unknown) => T | undefined) => Promise<T>;

export class Discovery {
  readonly #json: AskJson;
  #first: { resources: Resource[]; at: number } | undefined;
  #all: { resources: Resource[]; missing: string[]; at: number } | undefined;

  constructor(json: AskJson) {
    this.#json = json;
  }

  /** @throws KmError SVC_001 where there is no such kind; as Cluster.json */
  async find(word: string, signal: AbortSignal): Promise<Resource> {
    const first = findResource(USUAL_KINDS, word) ?? findResource(await this.#firstResources(signal), word);
    if (first !== undefined) return first;
    const before = this.#all;
    const known = findResource((await this.all(signal)).resources, word);
    if (known !== undefined) return known;
    // It may have come since.
    const isFresh = this.#all !== before;
    const found = isFresh ? undefined : findResource((await this.all(signal, true)).resources, word);
    if (found !== undefined) return found;
    const { resources, missing } = await this.all(signal);
    const near = nearestKind(resources, word);
    const some =
      near === undefined ? "kubernetes_api_resources lists the kinds that there are." : `Did you mean ${near}?`;
    const gap = missing.length === 0 ? "" : ` These groups do not answer: ${missing.join(", ")}.`;
    throw new KmError("SVC_001", `Argument kind: the cluster has none called ${JSON.stringify(word)}`, {
      hint: `${some}${gap}`,
    });
  }

  /** That of a manifest, exactly. Undefined where there is none. @throws as Cluster.json */
  async exactly(apiVersion: string, kind: string, signal: AbortSignal): Promise<Resource | undefined> {
    const isIt = (one: Resource): boolean => one.kind === kind && apiVersionOf(one) === apiVersion;
    const first = USUAL_KINDS.find(isIt) ?? (await this.#firstResources(signal)).find(isIt);
    if (first !== undefined) return first;
    const before = this.#all;
    const found = (await this.all(signal)).resources.find(isIt);
    if (found !== undefined || this.#all !== before) return found;
    return (await this.all(signal, true)).resources.find(isIt);
  }

  /** @returns `missing` are the groups that did not answer: those of other servers behind this one */
  async all(signal: AbortSignal, isAnew = false): Promise<{ resources: Resource[]; missing: string[] }> {
    if (!isAnew && this.#all !== undefined && Date.now() - this.#all.at < KEPT_MS) return this.#all;
    this.#all = { ...(await this.#read(signal)), at: Date.now() };
    return this.#all;
  }

  /** After a kind was added or removed. */
  forget(): void {
    this.#all = undefined;
  }

  async #firstResources(signal: AbortSignal): Promise<Resource[]> {
    if (this.#first !== undefined && Date.now() - this.#first.at < KEPT_MS) return this.#first.resources;
    const lists = await Promise.all(FIRST.map((one) => this.#list(one, signal)));
    this.#first = { resources: lists.flat(), at: Date.now() };
    return this.#first.resources;
  }

  async #read(signal: AbortSignal): Promise<{ resources: Resource[]; missing: string[] }> {
    const headers = { accept: AGGREGATED_TYPES };
    const ask = (path: string) =>
      this.#json({ path, headers, signal, mostBytes: MOST_BYTES }, (value) => {
        const aggregated = v.safeParse(AGGREGATED, value);
        if (aggregated.success) return { aggregated: aggregated.output };
        const groups = v.safeParse(GROUPS, value);
        return groups.success ? { groups: groups.output.groups } : undefined;
      });
    const [core, others] = await Promise.all([
      this.#list(FIRST[0] ?? { path: "/api/v1", group: "", version: "v1" }, signal),
      ask("/apis"),
    ]);
    if (others.aggregated !== undefined) {
      const { resources, missing } = resourcesOfGroups(others.aggregated);
      return { resources: [...core, ...resources], missing };
    }
    return await this.#each(core, others.groups, signal);
  }

  /** Of each group the preferred version comes first. */
  async #each(core: Resource[], groups: v.InferOutput<typeof GROUPS>["groups"], signal: AbortSignal) {
    const missing: string[] = [];
    const versions = groups.flatMap(({ name, versions: all, preferredVersion }) => {
      const names = all.map(({ version }) => version);
      const preferred = preferredVersion?.version;
      const ordered = [...names].sort((a, b) => Number(b === preferred) - Number(a === preferred));
      return ordered.map((version) => ({ path: `/apis/${name}/${version}`, group: name, version }));
    });
    const lists = await Promise.all(
      versions.map(async (one) => {
        try {
          return await this.#list(one, signal);
        } catch (error) {
          if (signal.aborted) throw error;
          missing.push(`${one.group}/${one.version}`);
          return [];
        }
      }),
    );
    return { resources: [...core, ...lists.flat()], missing };
  }

  async #list({ path, group, version }: { path: string; group: string; version: string }, signal: AbortSignal) {
    return await this.#json({ path, signal }, (value) => {
      const read = v.safeParse(RESOURCES, value);
      return read.success ? resourcesOfList(read.output, group, version) : undefined;
    });
  }
}

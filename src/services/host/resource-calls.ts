/** `ResourceCalls`: the resources of the services: which there are, what one has, and whether it has changed. */
import {
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
  type ResourceTemplateType,
} from "@modelcontextprotocol/server";
import { KmError } from "../../errors.ts";
import type { ServedResource } from "../opened-services.ts";
import type { PreparedResource, ResourceCall } from "../resource.ts";
import { argumentProblem } from "./argument-problem.ts";
import type { CallContext } from "./call-context.ts";
import { type GatedCalls, refused, type Refused } from "./gated-calls.ts";
import type { Redact } from "./masked-data.ts";
import { resultOf } from "./result-of.ts";
import { resourceContents } from "./resource-contents.ts";

interface Found {
  served: ServedResource;
  prepared: PreparedResource<unknown>;
}

/** Of one resource's list. */
const MOST_LISTED = 100;

export class ResourceCalls {
  readonly #gates: GatedCalls;
  readonly #redact: Redact;

  constructor(gates: GatedCalls, redact: Redact) {
    this.#gates = gates;
    this.#redact = redact;
  }

  /** Those without variables, and those that services show. What cannot be asked now has none. */
  async list(context: CallContext): Promise<Resource[]> {
    const { caller, offered } = context;
    const lists = offered.resources.map(async ({ service, resource, backend }): Promise<Resource[]> => {
      const { template, name, title, description, mimeType, list } = resource;
      const kind = mimeType === undefined ? {} : { mimeType };
      if (list === undefined) {
        const isOne = template.variables.length === 0;
        return isOne ? [{ uri: template.text, name, title, description, ...kind }] : [];
      }
      const called = { kind: "resource" as const, caller, name: template.text, args: {} };
      const outcome = await this.#gates.observed({ ...called, service, label: name }, async () =>
        this.#gates.through({ ...context, called, service, mayHaveChanged: false }, async (signal) => ({
          outcome: "ok",
          result: await list(callOf(await backend(), signal, context)),
        })),
      );
      const listed = "result" in outcome ? outcome.result : [];
      return listed
        .filter(({ uri }) => caller.mayRead(uri, service))
        .slice(0, MOST_LISTED)
        .map((one) => ({ ...one, name: this.#redact(one.name) }));
    });
    const all = (await Promise.all(lists)).flat();
    return all.filter(({ uri }) => context.offered.mayRead(uri));
  }

  templates({ caller, offered }: CallContext): ResourceTemplateType[] {
    return offered.resources.flatMap(({ service, resource: { template, name, title, description, mimeType } }) =>
      template.variables.length > 0 && caller.mayRead(template.text, service)
        ? [{ uriTemplate: template.text, name, title, description, ...(mimeType !== undefined && { mimeType }) }]
        : [],
    );
  }

  /** @throws ProtocolError where there is no such resource, or it cannot be read */
  async read(uri: string, context: CallContext): Promise<ReadResourceResult> {
    const { caller, settings } = context;
    const found = this.#find(uri, context);
    const called = { kind: "resource" as const, caller, name: uri, args: {} };
    const service = "served" in found ? found.served.service : undefined;
    const label = "served" in found ? found.served.resource.name : undefined;
    const outcome = await this.#gates.observed<ReadResourceResult>({ ...called, service, label }, async () => {
      if (!("served" in found)) return found;
      const { served } = found;
      const passage = { ...context, called, service: served.service, mayHaveChanged: false };
      return await this.#gates.through<ReadResourceResult>(passage, async (signal) => {
        const call = callOf(await served.backend(), signal, context);
        const body = await (await this.#identified(found, call, context, uri)).read(call);
        return {
          outcome: "ok",
          result: { contents: [resourceContents(uri, body, settings.mostBytes, this.#redact)] },
        };
      });
    });
    // Which one it was, for programs.
    if ("code" in outcome && outcome.code === "SVC_006") throw new ResourceNotFoundError(uri, outcome.text);
    return resultOf(outcome);
  }

  /** @throws ProtocolError where there is no such resource, or nobody can be told of its changes */
  checkWatchable(uri: string, context: CallContext): void {
    const found = this.#find(uri, context);
    if (!("served" in found)) {
      if (found.code === "SVC_006") throw new ResourceNotFoundError(uri, found.text);
      resultOf(found);
    } else if (!found.served.resource.canBeWatched) {
      resultOf(refused("SVC_007", `Nobody is told of changes of ${this.#redact(uri)}: read it again`));
    }
  }

  /** The same text for as long as it is the same; undefined where it cannot be watched, or not any more. @throws for what says nothing of it */
  async look(
    uri: string,
    context: Omit<CallContext, "request" | "capabilities">,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const found = this.#find(uri, context);
    if (!("served" in found) || !found.served.resource.canBeWatched) return undefined;
    try {
      const call = callOf(await found.served.backend(), signal, context);
      return await (await this.#identified(found, call, context, uri)).look(call);
    } catch (error) {
      // That it is gone, or cannot be reached now, is how it is.
      if (error instanceof KmError) return error.code;
      throw error;
    }
  }

  #find(uri: string, { caller, offered }: Pick<CallContext, "caller" | "offered">): Found | Refused {
    for (const served of offered.resources) {
      const prepared = served.resource.prepare(uri);
      if (prepared === undefined) continue;
      if (!caller.mayRead(uri, served.service)) break;
      if (prepared.issues === undefined) return { served, prepared };
      const why = argumentProblem(prepared.issues, served.resource.template.variables);
      return { outcome: "refused", code: "SVC_001", text: this.#redact(why.replace(/^Argument /, "In the address, ")) };
    }
    return { outcome: "refused", code: "SVC_006", text: this.#noSuch(uri) };
  }

  /** Under the one name of its own: what is kept from a caller is kept under each of its names. */
  async #identified(
    { served, prepared }: Found,
    call: ResourceCall<unknown>,
    { caller }: Pick<CallContext, "caller">,
    uri: string,
  ): Promise<PreparedResource<unknown>> {
    const own = await this.#ownAddress({ served, prepared }, call, caller, uri);
    if (!caller.mayRead(own, served.service)) throw new KmError("SVC_006", this.#noSuch(uri));
    const identified = served.resource.prepare(own);
    if (identified === undefined || identified.issues !== undefined) throw new TypeError(`${own} is no address`);
    return identified;
  }

  /** Whoever may read a part alone is not told whether there is something elsewhere, as `a/../b` would ask. */
  async #ownAddress(
    { served: { resource, service }, prepared }: Found,
    call: ResourceCall<unknown>,
    caller: CallContext["caller"],
    uri: string,
  ): Promise<string> {
    try {
      return await prepared.identify(call);
    } catch (error) {
      const isKept = error instanceof KmError && ["SVC_002", "SVC_006"].includes(error.code);
      if (!isKept || caller.mayRead(resource.template.text, service)) throw error;
      throw new KmError("SVC_006", this.#noSuch(uri));
    }
  }

  #noSuch(uri: string): string {
    return `There is no resource ${this.#redact(uri.slice(0, 300))}`;
  }
}

function callOf(
  backend: unknown,
  signal: AbortSignal,
  { settings: { mostBytes } }: Pick<CallContext, "settings">,
): ResourceCall<unknown> {
  return { backend, signal, mostBytes };
}

/** `mayAll`: whether the caller is allowed everything that a tool with several steps needs, before the first of them. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import type { Cluster } from "../cluster.ts";

export interface Attributes {
  verb: string;
  group: string;
  resource: string;
  subresource?: string | undefined;
  name?: string | undefined;
  /** Undefined for all. */
  namespace?: string | undefined;
}

export interface Reviewed {
  isAllowed: boolean;
  reason: string | undefined;
}

const REVIEW = v.looseObject({
  status: v.looseObject({ allowed: v.optional(v.boolean(), false), reason: v.optional(v.string()) }),
});

export async function review(cluster: Cluster, attributes: Attributes, signal: AbortSignal): Promise<Reviewed> {
  const { status } = await cluster.json(
    {
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      json: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: attributes },
      },
      isRepeatable: true,
      signal,
    },
    REVIEW,
  );
  return { isAllowed: status.allowed, reason: status.reason || undefined };
}

/** @throws KmError SVC_004 that lists what is missing */
export async function mayAll(cluster: Cluster, needed: readonly Attributes[], signal: AbortSignal): Promise<void> {
  const reviewed = await Promise.all(
    needed.map(async (one) => ({ one, isAllowed: (await review(cluster, one, signal)).isAllowed })),
  );
  const missing = reviewed.filter(({ isAllowed }) => !isAllowed).map(({ one }) => attributesText(one));
  if (missing.length === 0) return;
  throw new KmError("SVC_004", `This is not allowed to whom km speaks as: ${missing.join("; ")}`, {
    hint: "Nothing was changed. A role with these rights has to be bound first.",
  });
}

/** `create pods/eviction`, `list deployments.apps in shop` */
export function attributesText({ verb, group, resource, subresource, name, namespace }: Attributes): string {
  const kind = `${resource}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
  return `${verb} ${kind}${name === undefined ? "" : ` ${name}`}${namespace === undefined ? "" : ` in ${namespace}`}`;
}

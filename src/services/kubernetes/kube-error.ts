/** What an API server says went wrong: its `Status`, and what a refused caller would have to be allowed. */
import * as v from "valibot";
import { KmError } from "../../errors.ts";

const STATUS = v.looseObject({
  kind: v.literal("Status"),
  message: v.string(),
  reason: v.optional(v.string()),
});

/** One sentence; undefined for what is no `Status`. */
export function readKubeError(text: string): string | undefined {
  try {
    const read = v.safeParse(STATUS, JSON.parse(text));
    return read.success ? withoutQuotedBody(read.output.message) : undefined;
  } catch {
    return undefined;
  }
}

/** Of what it cannot decode the server quotes the neighbourhood, and that may be a secret. Other programs pass that on. */
export function withoutQuotedBody(message: string): string {
  return message.replace(/,? error found in #\d+ byte of .*/s, "").replace(/(?:unrecognized|invalid) input: .*/s, "$1");
}

const FORBIDDEN =
  /User "(?<user>[^"]*)" cannot (?<verb>\w+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: (?<where>at the cluster scope|in the namespace "(?<namespace>[^"]*)"))?/;

const NOT_KNOWN =
  "The login of the kubeconfig's user is not accepted: it may have expired. Log in to the cluster again, as with kubectl.";
const NOT_ALLOWED = "Its operator decides what the kubeconfig's user may do; kubernetes_can_i lists that.";

const NOT_THERE = "kubernetes_list shows what there is; see that namespace and context are the right ones.";

/** The same error with a hint: what the kubeconfig's user would need, that it is not accepted, how to find what there is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof KmError)) return error;
  if (error.code === "SVC_006" && error.hint === undefined) {
    return new KmError("SVC_006", error.message, { hint: NOT_THERE, cause: error });
  }
  if (error.code !== "SVC_004") return error;
  const groups = FORBIDDEN.exec(error.message)?.groups;
  if (groups === undefined) {
    const [, status] = / \(HTTP (401|403)\)$/.exec(error.message) ?? [];
    if (status === undefined) return error; // of a login that was not even sent, with what to do
    return new KmError("SVC_004", error.message, { hint: status === "401" ? NOT_KNOWN : NOT_ALLOWED, cause: error });
  }
  const { user = "", verb = "", resource = "", group = "", namespace } = groups;
  const role = namespace === undefined ? "a ClusterRole" : `a Role in ${namespace}`;
  return new KmError("SVC_004", error.message, {
    hint: `${user} needs ${role} with apiGroups: ["${group}"], resources: [${resource}], verbs: [${verb}]; kubernetes_can_i lists what is allowed.`,
    cause: error,
  });
}

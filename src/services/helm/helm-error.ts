/** `helmError`: what helm says went wrong, as an error with what to do about it. */
import { type ErrorCode, KmError } from "../../errors.ts";
import { withoutQuotedBody } from "../kubernetes/kube-error.ts";

interface Kind {
  pattern: RegExp;
  code: ErrorCode;
  hint?: string;
}

const MOST_SAID = 1500;

/** The first that fits counts. */
const KINDS: readonly Kind[] = [
  {
    pattern: /asked for the client to provide credentials/i,
    code: "SVC_004",
    hint: "The API server does not know who asks: see the user of the kubeconfig's context.",
  },
  {
    pattern: /forbidden|unauthorized|must be logged in/i,
    code: "SVC_004",
    hint: "Whoever the kubeconfig or the repository knows is not allowed to do this.",
  },
  {
    pattern:
      /an error on the server|unable to parse the server version|malformed HTTP response|gave HTTP response to HTTPS/i,
    code: "SVC_008",
    hint: "What answers there fails, or is no Kubernetes API server: see the server of the kubeconfig's context.",
  },
  {
    pattern: /cluster unreachable|connection refused|no such host|i\/o timeout|TLS handshake/i,
    code: "SVC_003",
    hint: "See that the address can be reached from here.",
  },
  {
    pattern: /marked as experimental and is not enabled|failed to download "oci:\/\/.*repo update/i,
    code: "SVC_007",
    hint: "Charts at oci:// need Helm 3.8 or newer; helm_repositories says which one this is. Or there is no such version there.",
  },
  {
    pattern: /another operation \(install\/upgrade\/rollback\) is in progress/i,
    code: "SVC_007",
    hint: "If nobody works on it any more, helm_rollback to the last deployed revision of helm_history ends that state.",
  },
  {
    pattern: /cannot re-use a name that is still in use/i,
    code: "SVC_007",
    hint: "There is such a release: helm_upgrade changes it.",
  },
  {
    pattern: /release: not found|release .* not found|has no deployed releases/i,
    code: "SVC_006",
    hint: "helm_releases lists those that there are.",
  },
  {
    pattern: /not a valid chart repository|cannot be reached|failed to fetch/i,
    code: "SVC_003",
    hint: "Check its address; helm_repositories lists those that are known.",
  },
  {
    pattern:
      /not found|failed to download|no such file|no chart name found|no repositories|unknown repository|no repo named|no cached repo/i,
    code: "SVC_006",
    hint: "helm_charts finds charts, helm_repositories lists repositories; helm_repository with action update reads them anew.",
  },
  {
    pattern: /timed out waiting|context deadline exceeded/i,
    code: "SVC_007",
    hint: "helm_release with part health says which objects are not ready, and why.",
  },
];

/**
 * @param could what could not be done: `install web`
 * @param mask what is known to be secret taken out
 */
export function helmError(could: string, stderr: string, mask: (text: string) => string): KmError {
  const said = mask(withoutQuotedBody(ownWords(stderr))).slice(0, MOST_SAID);
  const kind = KINDS.find(({ pattern }) => pattern.test(said));
  return new KmError(
    kind?.code ?? "SVC_007",
    `helm could not ${could}: ${said === "" ? "it does not say why" : said}`,
    {
      ...(kind?.hint !== undefined && { hint: kind.hint }),
    },
  );
}

/** Warnings stand before it. */
function ownWords(stderr: string): string {
  const at = stderr.search(/^Error: /m);
  return (at < 0 ? stderr : stderr.slice(at + "Error: ".length)).trim();
}

/** `findResource`: what a server says of who may log in to it (RFC 9728). */
import * as v from "valibot";
import { echoed } from "../echoed.ts";
import type { Asker } from "./asker.ts";
import { type Challenge, scopesIn } from "./challenge.ts";
import { cannotLogIn } from "./login-error.ts";

export interface Resource {
  /** As it is published, byte for byte: it goes into requests like that. */
  id: string;
  /** The first of its authorization servers. */
  issuer: string;
  /** Undefined where it names none. */
  scopes: string[] | undefined;
  /** For proofs of possession (RFC 9449); empty where it names none. */
  dpopAlgorithms: string[];
  /** Whether it takes no token that is not bound to a key. */
  needsDpop: boolean;
}

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

const Metadata = v.object({
  resource: v.pipe(v.string(), v.maxLength(2048)),
  authorization_servers: v.pipe(v.array(v.pipe(v.string(), v.maxLength(2048))), v.minLength(1)),
  scopes_supported: v.optional(v.array(v.string())),
  dpop_signing_alg_values_supported: v.optional(v.array(v.string()), []),
  dpop_bound_access_tokens_required: v.optional(v.boolean(), false),
});

/**
 * Undefined for a server that says nothing of it, as those before 2025-06-18.
 *
 * @throws KmError LGN_001 where it is not for this server, LGN_003 where it cannot be had
 */
export async function findResource(server: string, challenge: Challenge, asker: Asker): Promise<Resource | undefined> {
  let trouble: string | undefined;
  for (const place of placesOf(server, challenge)) {
    const answer = await asker.get(place, "the address of its metadata");
    if (answer.state === "failed") trouble ??= answer.reason;
    else if (answer.status >= 500 || answer.status === 429) trouble ??= `it answered ${answer.status}`;
    const metadata =
      answer.state === "answered" && answer.status === 200 ? v.safeParse(Metadata, answer.json) : undefined;
    if (metadata?.success) return checked(server, metadata.output);
  }
  const { resourceMetadata } = challenge;
  if (trouble === undefined && resourceMetadata === undefined) return undefined;
  const reason = trouble ?? `there is none at ${echoed(resourceMetadata ?? "")}`;
  throw cannotLogIn("LGN_003", server, `its metadata, which names the authorization server, cannot be had: ${reason}`, {
    hint: "Try again; if it stays so, ask who runs the server.",
  });
}

function placesOf(server: string, { resourceMetadata }: Challenge): string[] {
  if (resourceMetadata !== undefined) return [resourceMetadata];
  const { origin, pathname, search } = new URL(server);
  const path = pathname === "/" ? "" : pathname;
  return [
    ...new Set([`${origin}${WELL_KNOWN}${path}${search}`, `${origin}${WELL_KNOWN}${path}`, `${origin}${WELL_KNOWN}`]),
  ];
}

function checked(server: string, metadata: v.InferOutput<typeof Metadata>): Resource {
  const { resource, authorization_servers: issuers, scopes_supported: scopes } = metadata;
  if (!covers(resource, server)) {
    throw cannotLogIn("LGN_001", server, `its metadata is for another server: ${echoed(resource)}`, {
      hint: "A login for one server must not be used at another. Check the URL, or ask who runs the server.",
    });
  }
  return {
    id: resource,
    issuer: issuers[0] ?? "",
    scopes: scopes && scopesIn(scopes.join(" ")),
    dpopAlgorithms: metadata.dpop_signing_alg_values_supported,
    needsDpop: metadata.dpop_bound_access_tokens_required,
  };
}

/** Whether the server is the resource or below it. */
function covers(resource: string, server: string): boolean {
  const [whole, part] = [URL.canParse(resource) ? new URL(resource) : undefined, new URL(server)];
  if (whole === undefined || whole.origin !== part.origin || whole.hash !== "") return false;
  if (whole.search !== "" && whole.search !== part.search) return false;
  const withSlash = (path: string) => (path.endsWith("/") ? path : `${path}/`);
  return withSlash(part.pathname).startsWith(withSlash(whole.pathname));
}

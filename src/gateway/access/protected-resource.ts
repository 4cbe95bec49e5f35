/** `ProtectedResource`: where clients find the way to a login: RFC 9728, and the challenges that lead there. */
import { refusal, SERVER_ERROR } from "../refusal.ts";
import type { AuthConfig } from "../config/proxy-config.ts";
import type { Authentication } from "./identity.ts";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const REALM = 'realm="km"';

export class ProtectedResource {
  readonly #config: AuthConfig;
  readonly #scopes: string[];
  /** The address of the metadata; undefined where no token is of use. */
  readonly #metadata: string | undefined;

  constructor(config: AuthConfig) {
    this.#config = config;
    this.#scopes = [...new Set(config.tokens.flatMap(({ scopes }) => scopes))];
    const { resource, tokens } = config;
    if (resource === undefined || tokens.length === 0) return;
    const { origin, pathname } = new URL(resource);
    this.#metadata = `${origin}${WELL_KNOWN}${pathname === "/" ? "" : pathname}`;
  }

  /** Undefined for what is not about it. Asked by who is nobody yet, so it comes before any check of who asks. */
  answer({ method }: Request, path: string): Response | undefined {
    const { resource, tokens } = this.#config;
    if (resource === undefined || tokens.length === 0) return undefined;
    if (path !== WELL_KNOWN && path !== WELL_KNOWN + new URL(resource).pathname) return undefined;
    if (method !== "GET" && method !== "HEAD") {
      return refusal(405, SERVER_ERROR, "Method Not Allowed", { headers: { allow: "GET, HEAD" } });
    }
    return Response.json({
      resource,
      authorization_servers: [...new Set(tokens.map(({ issuer }) => issuer))],
      ...(this.#scopes.length > 0 && { scopes_supported: this.#scopes }),
      bearer_methods_supported: ["header"],
    });
  }

  /** What a request gets that brought no proof, or none that counts. */
  refuse(result: Exclude<Authentication, { state: "known" }>): Response {
    switch (result.state) {
      case "none":
        return refusal(401, SERVER_ERROR, "Unauthorized: say who you are", { headers: this.#challenge() });
      case "refused":
        return refusal(401, SERVER_ERROR, `Unauthorized: ${result.why}`, {
          headers: this.#challenge(`error="invalid_token", error_description="${quoted(result.why)}"`),
        });
      case "insufficient":
        return refusal(403, SERVER_ERROR, `Forbidden: the token needs the scope ${result.scopes.join(" ")}`, {
          headers: this.#challenge('error="insufficient_scope"'),
        });
      case "unavailable":
        return refusal(503, SERVER_ERROR, `Service Unavailable: ${result.why}`, { headers: { "retry-after": "5" } });
    }
  }

  #challenge(error?: string): Record<string, string> {
    const { users, keys, tokens } = this.#config;
    const parts = [
      REALM,
      ...(error === undefined ? [] : [error]),
      ...(this.#scopes.length === 0 ? [] : [`scope="${quoted(this.#scopes.join(" "))}"`]),
      ...(this.#metadata === undefined ? [] : [`resource_metadata="${this.#metadata}"`]),
    ];
    const schemes = [
      ...(tokens.length > 0 || keys.length > 0 || users.length === 0 ? [`Bearer ${parts.join(", ")}`] : []),
      ...(users.length > 0 ? [`Basic ${REALM}, charset="UTF-8"`] : []),
    ];
    return { "www-authenticate": schemes.join(", ") };
  }
}

function quoted(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "'");
}

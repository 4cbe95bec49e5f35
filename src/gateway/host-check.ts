/**
 * `hostCheck`: refuses what a page of another site made a browser send: under a name that was made to point here (DNS
 * rebinding), or from a page that is not allowed (Origin).
 */
import { isLoopback } from "../backend/hosts.ts";
import type { ListenAddress } from "../backend/listen-address.ts";
import { refusal, SERVER_ERROR } from "./refusal.ts";

export interface AllowedSites {
  /** `name` for any port, or `name:port`. */
  hosts: readonly string[];
  /** `https://name`, with the port where it is not the usual one; `*` for any. */
  origins: readonly string[];
}

export interface SiteCheck {
  refused(request: Request): Response | undefined;
  /** Whose pages may read the answer. */
  allowedOrigin(request: Request): string | undefined;
}

/** @param listening with the port that it got */
export function hostCheck(listening: ListenAddress, { hosts, origins }: AllowedSites): SiteCheck {
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  if (isLoopback(listening.hostname)) {
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) names.add(`${name}:${listening.port}`);
  }
  const sites = new Set(origins.map((origin) => origin.toLowerCase()));
  const isOwn = (host: string | null): boolean => host !== null && hasHost(names, host);
  const mayRead = (origin: string, host: string | null): boolean =>
    sites.has("*") || sites.has(origin.toLowerCase()) || (isOwn(host) && isSameHost(origin, host));
  return {
    refused({ headers }) {
      const host = headers.get("host");
      if (!isOwn(host)) return refusal(403, SERVER_ERROR, "Forbidden: this host is not allowed (--allow-host)");
      const origin = headers.get("origin");
      if (origin !== null) {
        return mayRead(origin, host)
          ? undefined
          : refusal(403, SERVER_ERROR, "Forbidden: this origin is not allowed (--allow-origin)");
      }
      // Without Origin browsers send what a page embeds or links to; programs do not send this header.
      const site = headers.get("sec-fetch-site");
      const isForeign = site === "cross-site" || site === "same-site";
      return isForeign ? refusal(403, SERVER_ERROR, "Forbidden: this is not for other sites") : undefined;
    },
    allowedOrigin({ headers }) {
      const origin = headers.get("origin");
      return origin !== null && mayRead(origin, headers.get("host")) ? origin : undefined;
    },
  };
}

/** Whether the host as it was sent is among those given: with any port where none was given. */
function hasHost(names: ReadonlySet<string>, sent: string): boolean {
  const [, name = "", port = "80"] = /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(sent.toLowerCase()) ?? [];
  return name !== "" && (names.has(name) || names.has(`${name}:${port}`));
}

function isSameHost(origin: string, host: string | null): boolean {
  return host !== null && [`http://${host}`, `https://${host}`].includes(origin.toLowerCase());
}

/** `proxyFor`: the HTTP proxy that requests to a URL go through, as the environment has it. */

/** @returns host and port, without what may be a secret; undefined where there is none */
export function proxyFor(url: string, env: Record<string, string | undefined>): string | undefined {
  const { protocol, hostname, host } = new URL(url);
  const named = (name: string): string => env[name] || env[name.toUpperCase()] || "";
  const proxy = named(protocol === "https:" ? "https_proxy" : "http_proxy") || named("all_proxy");
  if (proxy === "" || !URL.canParse(proxy)) return undefined;
  const isDirect = named("no_proxy")
    .split(",")
    .map((one) =>
      one
        .trim()
        .toLowerCase()
        .replace(/^\*?\./, ""),
    )
    .some((one) => one !== "" && (one === "*" || one === host || one === hostname || hostname.endsWith(`.${one}`)));
  return isDirect ? undefined : new URL(proxy).host;
}

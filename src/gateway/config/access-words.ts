/** `accessWords`: who may come and what they may do, in words, for people who want to see whether km has understood them. */
import { formatBytes, formatDuration, type PerTime } from "../../config/units.ts";
import type { ProxyConfig } from "./proxy-config.ts";

export function accessWords({ file, tls, auth, roles, limits, trustedProxies, audit, metrics }: ProxyConfig): string[] {
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? "" : "s"}`;
  const rate = ({ count: most, perMs }: PerTime, what: (most: number) => string): string =>
    `${what(most)} in ${formatDuration(perMs)}`;
  const lines = [`${file}: ok`];
  if (tls !== undefined) {
    const clients =
      tls.clients &&
      (tls.clients.required ? "; each client must have a certificate" : "; clients may have certificates");
    lines.push(`  It speaks TLS with ${tls.cert}${clients ?? ""}.`);
  }
  if (auth === undefined) lines.push("  Nobody is asked who they are.");
  else {
    const ways = [
      ...(auth.keys.length > 0 ? [count(auth.keys.length, "API key")] : []),
      ...(auth.users.length > 0 ? [count(auth.users.length, "name") + " with a password"] : []),
      ...auth.tokens.map(({ issuer }) => `tokens of ${issuer}`),
      ...(auth.certificates === undefined ? [] : ["certificates"]),
    ];
    lines.push(`  Who may come: ${ways.join(", ")}.`);
  }
  if (roles === undefined) lines.push("  Who may come may do everything.");
  for (const [name, { servers, tools, prompts, resources, methods }] of roles ?? []) {
    const parts = Object.entries({ tools, prompts, resources, methods }).flatMap(([what, names]) =>
      names === undefined ? [] : [`${what} ${[names].flat().join(" ")}`],
    );
    const where = servers === undefined ? "" : ` on ${[servers].flat().join(" ")}`;
    lines.push(`  ${name}: ${parts.length === 0 ? "nothing" : parts.join("; ")}${where}`);
  }
  const { requests, bytes, concurrent, sessions } = limits;
  const bounds = [
    ...(requests === undefined ? [] : [rate(requests, (most) => count(most, "request"))]),
    ...(bytes === undefined ? [] : [rate(bytes, formatBytes)]),
    ...(concurrent === undefined ? [] : [`${concurrent} at a time`]),
    ...(sessions === undefined ? [] : [count(sessions, "session")]),
  ];
  if (bounds.length > 0) lines.push(`  Each of them: ${bounds.join(", ")}.`);
  if (trustedProxies !== undefined) {
    lines.push(`  ${trustedProxies.header} is believed from ${trustedProxies.addresses.join(", ")}.`);
  }
  if (audit !== undefined) {
    lines.push(`  What is done is written to ${audit.file}${audit.required ? ", or it is not done" : ""}.`);
  }
  if (metrics !== undefined) lines.push(`  Metrics at ${metrics.hostname}:${metrics.port}.`);
  return lines;
}

/** `secretName`: what a secret of a server is called unless somebody says otherwise. */

/** `files-token`; `github-token` for what the server github calls so. */
export function secretName(server: string, role: string): string {
  const word = role
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const isNamed = word.startsWith(`${server.toLowerCase()}-`);
  return (isNamed ? word : `${server}-${word || "secret"}`).slice(0, 128);
}

/** `explainPlugin`: what a plugin says of itself when a person starts it. */
export function explainPlugin(name: string, version: string): string {
  return `${name} ${version} is a plugin for km, the monitor for MCP servers. km starts it and speaks with it over stdin and stdout.

  km plugins list                        whether km finds it, and what it may do
  km monitor --plugin FOLDER -- SERVER   run it from its folder, where its manifest.json is
`;
}

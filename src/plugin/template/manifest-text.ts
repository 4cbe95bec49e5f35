/** `manifestText`: the manifest of a new plugin, which asks for nothing. */
import { PROTOCOL } from "../protocol.ts";

export function manifestText(name: string, kmVersion: string): string {
  const executable = `km-plugin-${name}`;
  const manifest = {
    name,
    version: "0.1.0",
    description: "Reports tool calls that fail or take too long",
    author: "",
    license: "MIT",
    compatibility: { kilometers_cli: `>=${kmVersion}`, protocol: [PROTOCOL] },
    tier: "Free",
    features: { required: [], optional: [] },
    permissions: { network: false, filesystem: false, system: false, intercept: false },
    configuration: {
      schema: {
        type: "object",
        additionalProperties: false,
        properties: {
          slow_ms: {
            type: "number",
            minimum: 0,
            default: 1000,
            description: "A call that takes more milliseconds is slow",
          },
        },
      },
    },
    entry: { any: executable, "windows-x64": `${executable}.exe`, "windows-arm64": `${executable}.exe` },
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** `buildSdk`: the plugin SDK as a package for npm, and as the two texts that km writes into new plugins. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { declarations } from "./build-declarations.ts";

const ENTRY = "src/plugin/sdk.ts";

export interface SdkTexts {
  /** One ECMAScript module for Node 20 and later and for Bun, without imports but of `node:`. */
  js: string;
  /** Its declarations, without imports. */
  types: string;
}

/** What Node 20 lacks and only the filter language asks for. A plugin's globals are not ours to complete. */
const FOR_NODE = {
  define: { "RegExp.escape": "escapeRegExp", "Bun.stringWidth": "stringWidth" },
  text: `
const escapeRegExp = RegExp.escape ?? ((text) => text.replace(/[\\\\^$.*+?()[\\]{}|\\/]/g, "\\\\$&"));
const stringWidth = globalThis.Bun?.stringWidth ?? ((text) => text.length);
`,
};

/** Writes the package to `<outdir>/plugin-sdk/`. */
export async function buildSdk(outdir: string, version: string): Promise<SdkTexts> {
  const heading = `/*! The plugin SDK of km ${version}. MIT License. Contains jose, MIT License, (c) Filip Skokan. */\n`;
  const texts: SdkTexts = { js: heading + (await bundle()), types: heading + (await declarations(ENTRY)) };
  const folder = join(outdir, "plugin-sdk");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files: Record<string, string> = {
    "package.json": packageJson(version),
    "plugin-sdk.js": texts.js,
    "plugin-sdk.d.ts": texts.types,
    "README.md": withoutLinks(await Bun.file("docs/plugins-sdk.md").text()),
    LICENSE: await licences(),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return texts;
}

async function bundle(): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [ENTRY],
    target: "node",
    format: "esm",
    banner: FOR_NODE.text.trim(),
    define: FOR_NODE.define,
    minify: { syntax: true, whitespace: false, identifiers: false },
  });
  const [module, ...others] = outputs;
  if (module === undefined || others.length > 0) throw new Error(`${ENTRY} does not become one file`);
  return await module.text();
}

function packageJson(version: string): string {
  const description = {
    name: "km-plugin-sdk",
    version,
    description: "Write plugins for km, the monitor for MCP servers",
    license: "MIT",
    type: "module",
    exports: { ".": { types: "./plugin-sdk.d.ts", default: "./plugin-sdk.js" } },
    types: "./plugin-sdk.d.ts",
    files: ["plugin-sdk.js", "plugin-sdk.d.ts"],
    sideEffects: false,
    engines: { node: ">=20", bun: ">=1.3" },
  };
  return `${JSON.stringify(description, undefined, 2)}\n`;
}

/** The other pages of the manual are not in the package. */
function withoutLinks(markdown: string): string {
  return markdown.replace(/\[([^\]]+)\]\([\w-]+\.md\)/g, "$1");
}

/** The bundle holds jose: its licence goes with it. */
async function licences(): Promise<string> {
  const [own, jose] = await Promise.all(
    ["LICENSE", "node_modules/jose/LICENSE.md"].map(async (file) => await Bun.file(file).text()),
  );
  return `${own}\n---\n\nplugin-sdk.js contains jose (https://github.com/panva/jose):\n\n${jose}`;
}

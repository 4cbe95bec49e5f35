/** `buildDashboard`: the web app as the texts that km serves. */
import type { AppFiles } from "./src/dashboard/app-files.ts";

const FOLDER = "src/dashboard/app";

/** In this order: what stands in one may be told otherwise in a later one. */
const STYLES = [
  "base",
  "frame",
  "list",
  "detail",
  "tables",
  "health",
  "approvals",
  "findings",
  "definitions",
  "waterfall",
  "help",
];

/** The filter language measures its messages as terminals do; what is in the browser need not be so exact. */
const FOR_BROWSERS = { "Bun.stringWidth": "kmTextWidth" };
const TEXT_WIDTH = "globalThis.kmTextWidth=(text)=>text.length;";

export async function buildDashboard(): Promise<AppFiles> {
  const built = await Bun.build({
    entrypoints: [`${FOLDER}/main.tsx`],
    target: "browser",
    format: "esm",
    minify: true,
    metafile: true,
    define: { ...FOR_BROWSERS, "process.env.NODE_ENV": '"production"' },
  });
  const [script] = built.outputs;
  if (script === undefined || built.outputs.length > 1) throw new Error("The dashboard is not one script");
  const styles = ["node_modules/uplot/dist/uPlot.min.css", ...STYLES.map((name) => `${FOLDER}/style/${name}.css`)];
  const style = await Promise.all(styles.map((path) => Bun.file(path).text()));
  const notices = await licencesOf(Object.keys(built.metafile?.inputs ?? {}));
  return {
    "index.html": { type: "text/html", text: await Bun.file(`${FOLDER}/index.html`).text() },
    "app.js": { type: "text/javascript", text: notices + TEXT_WIDTH + (await script.text()) },
    "app.css": { type: "text/css", text: style.join("\n") },
    "icon.svg": { type: "image/svg+xml", text: await Bun.file(`${FOLDER}/icon.svg`).text() },
  };
}

/** Of the packages whose files these are: every browser gets a copy of their code, so their licences go with it. */
async function licencesOf(files: string[]): Promise<string> {
  const names = files.flatMap((file) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  if (names.length === 0) throw new Error("Bun does not say which packages are in the dashboard");
  const texts = Array.from(new Set(names), async (name) => {
    const text = await Bun.file(`node_modules/${name}/LICENSE`).text();
    return `/*! Contains ${name}\n\n${text.trim()}\n*/\n`;
  });
  return (await Promise.all(texts)).join("");
}

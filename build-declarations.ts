/** `declarations`: the types of a module and of all they refer to, as one file without imports. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

interface Declaration {
  name: string;
  /** With its comment, without `export`. */
  text: string;
}

const COMPILER = "node_modules/.bin/tsc";

/**
 * Only what is public, and what that refers to. The compiler writes the declarations of each module; what it writes has
 * one form, so that lines are enough to take it apart.
 *
 * @param entry a module that consists of re-exports, relative to the current folder
 */
export async function declarations(entry: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "km-declarations-"));
  try {
    await emit(entry, folder);
    const files = await Array.fromAsync(new Bun.Glob("**/*.d.ts").scan({ cwd: folder, absolute: true }));
    const texts = files.sort().map((file) => readFileSync(file, "utf8"));
    const publicNames = exportedNames(readFileSync(join(folder, entry.replace(/^src\/|\.ts$/g, "")) + ".d.ts", "utf8"));
    return joined(publicNames, texts.flatMap(split));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function emit(entry: string, outDir: string): Promise<void> {
  const project = join(outDir, "tsconfig.json");
  const root = resolve("src");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir,
    rootDir: root,
    typeRoots: [resolve("node_modules")],
  };
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(dirname(root), "tsconfig.json"),
      compilerOptions,
      files: [resolve(entry)],
      include: [],
    }),
  );
  const { exitCode, stdout } = Bun.spawnSync([COMPILER, "-p", project]);
  if (exitCode !== 0) throw new Error(`${COMPILER} cannot write the declarations of ${entry}:\n${stdout.toString()}`);
}

/** The names in `export { a, type B } from "c";`, in order. */
function exportedNames(text: string): string[] {
  const lists = text.matchAll(/^export (?:type )?\{([^}]*)\}/gm);
  const names = Array.from(lists, ([, list = ""]) => list.split(","))
    .flat()
    .map((name) => name.trim().replace(/^type /, ""));
  return names.filter((name) => name !== "");
}

const START = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const) (\w+)/;

/** The declarations of one file, and one for each name that an import changes. */
function split(text: string): Declaration[] {
  const found: Declaration[] = [];
  let comment = "";
  let current: Declaration | undefined;
  for (const line of text.split("\n")) {
    const name = START.exec(line)?.[1];
    if (name !== undefined) {
      current = { name, text: comment + line.replace(/^export /, "") };
      found.push(current);
      comment = "";
    } else if (line.startsWith("import ")) {
      for (const [, original, alias = ""] of line.matchAll(/(\w+) as (\w+)/g)) {
        found.push({ name: alias, text: `type ${alias} = ${original};` });
      }
      current = undefined;
      comment = "";
    } else if (line.startsWith("/**")) {
      current = undefined;
      comment = `${line}\n`;
    } else if (line.startsWith("export ")) current = undefined;
    else if (current === undefined) comment += `${line}\n`;
    else if (line !== "") current.text += `\n${line}`;
  }
  return found;
}

function joined(publicNames: string[], all: Declaration[]): string {
  const byName = Map.groupBy(all, ({ name }) => name);
  const needed = new Set<string>();
  const visit = (name: string): void => {
    const [declaration, another] = byName.get(name) ?? [];
    if (declaration === undefined || needed.has(name)) return;
    if (another !== undefined && another.text !== declaration.text) throw new Error(`Two declarations of ${name}`);
    needed.add(name);
    const code = declaration.text.replace(/\/\*[\s\S]*?\*\//g, "");
    for (const [word] of code.matchAll(/\b[A-Za-z]\w*/g)) visit(word);
  };
  publicNames.forEach(visit);
  const missing = publicNames.filter((name) => !needed.has(name));
  if (missing.length > 0) throw new Error(`No declaration of ${missing.join(", ")}`);
  const texts = Array.from(needed, (name) => {
    const text = byName.get(name)?.[0]?.text ?? "";
    return publicNames.includes(name) ? text.replace(/^(?=declare |interface |type )/m, "export ") : text;
  });
  return `${texts.join("\n\n")}\n\nexport {};\n`;
}

/** Plants secrets in files. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Plant, PLANTED } from "./plant.ts";

export const filesystem: Plant = {
  service: "filesystem",
  why: "",
  plant(folder) {
    const files = join(folder, "files");
    const file = (name: string): string => join(files, name);
    mkdirSync(files);
    writeFileSync(file(".env"), `API_TOKEN=${PLANTED}\n`);
    writeFileSync(file("app.json"), JSON.stringify({ name: "shop", db: { password: PLANTED } }));
    writeFileSync(file("app.properties"), `db.password=${PLANTED}\nlevel=debug\n`);
    writeFileSync(file("old.properties"), `db.password=${PLANTED}\n`);
    return Promise.resolve({
      settings: { roots: [files] },
      steps: [
        ["roots", {}],
        ["list_directory", { depth: 2 }],
        ["read_file", { path: file("app.json") }],
        ["read_file", { path: file(".env") }],
        ["read_file", { path: file("app.properties"), base64: true }],
        ["read_files", { paths: [file("app.json"), file("app.properties")] }],
        ["search_files", { text: "password", context: 2 }],
        ["search_files", { text: PLANTED.slice(0, 9) }],
        ["file_info", { path: file("app.json") }],
        ["edit_file", { path: file("app.properties"), edits: [{ old: "level=debug", new: "level=info" }] }],
        ["write_file", { path: file("app.properties"), content: `db.password=${PLANTED}2\n`, mode: "replace" }],
        ["create_directory", { path: file("more") }],
        ["copy", { from: file("app.json"), to: file("more/app.json") }],
        ["move", { from: file("more/app.json"), to: file("more/b.json") }],
        ["delete", { path: file("old.properties") }],
      ],
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};

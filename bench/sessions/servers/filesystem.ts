/** `filesystem`: files of a project, read and written, and the documentation of packages that are installed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { documentsIn } from "../documents-in.ts";
import type { PublicServer } from "../public-server.ts";

export const filesystem: PublicServer = {
  name: "filesystem",
  package: "@modelcontextprotocol/server-filesystem",
  version: "2026.8.31",
  bin: "mcp-server-filesystem",
  args: ({ project, packages }) => [project, packages],
  roots: ({ packages }) => [packages],
  calls: async (visit, { project, packages }) => {
    const at = (name: string): string => join(project, name);
    await visit.call("list_allowed_directories");
    await visit.call("directory_tree", { path: project, excludePatterns: [".git", "node_modules"] });
    for (const folder of ["", "src", "docs", ".github/workflows"]) {
      await visit.call("list_directory", { path: at(folder) });
      await visit.call("list_directory_with_sizes", { path: at(folder), sortBy: "size" });
    }
    const files = readdirSync(project, { recursive: true, withFileTypes: true, encoding: "utf8" })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes(".git/") && !entry.parentPath.endsWith(".git"))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const path of files) {
      if (path.endsWith(".png")) await visit.call("read_media_file", { path });
      else await visit.call("read_text_file", { path });
      await visit.call("get_file_info", { path });
    }
    await visit.call("read_multiple_files", { paths: [at("README.md"), at("src/main.mjs"), at("db/schema.sql")] });
    await visit.call("read_text_file", { path: at("CHANGELOG.md"), head: 5 });
    await visit.call("read_text_file", { path: at("data/events.jsonl"), tail: 1 });
    for (const pattern of ["**/*.mjs", "*.md", "**/*secret*", "**/.env*"])
      await visit.call("search_files", { path: project, pattern, excludePatterns: [".git"] });

    for (const folder of ["notes/2026", "db/migrations", "test/fixtures"])
      await visit.call("create_directory", { path: at(folder) });
    for (const [name, content] of Object.entries(WRITTEN)) await visit.call("write_file", { path: at(name), content });
    await visit.call("edit_file", {
      path: at("src/invoice.mjs"),
      edits: [{ oldText: "and paid = 0", newText: "and paid = 0 and days > 0" }],
      dryRun: true,
    });
    await visit.call("edit_file", {
      path: at("scripts/deploy.sh"),
      edits: [
        {
          oldText: "trap 'rm -rf \"$work\"' EXIT",
          newText: 'trap \'rm -rf "$work"; echo "$(date): done" >> /tmp/deploy.log\' EXIT',
        },
      ],
    });
    await visit.call("move_file", { source: at("notes/2026/plan.md"), destination: at("notes/plan (old).md") });
    await visit.call("read_text_file", { path: at("notes/not there.md") });

    for (const path of documentsIn(packages)) await visit.call("read_text_file", { path });
  },
};

const WRITTEN: Record<string, string> = {
  "notes/2026/plan.md":
    "# Plan\n\n- [ ] rotate the token\n- [x] drop the old table\n\nSee ../../docs/runbook.md, or run `rm -rf dist && npm run build`.\n",
  "scripts/backup.sh":
    '#!/bin/sh\nset -eu\nstamp=$(date +%F)\nsqlite3 tideline.db ".backup \'/var/backups/$stamp.db\'" && gzip -9 "/var/backups/$stamp.db"\nfind /var/backups -mtime +14 -delete || true\ncat /etc/hostname | tr a-z A-Z > /dev/null 2>&1\n',
  "src/mail.mjs":
    'import { createTransport } from "nodemailer";\n\nconst password = process.env.SMTP_PASSWORD;\nexport const mailer = createTransport({ host: "mail.example.com", auth: { user: "tideline", pass: password } });\nexport const html = (name) => `<p style="display:none">preview</p><p>Dear ${name},</p><script type="application/ld+json">{}</script>`;\nexport const link = (id) => `javascript:void(0)`.replace("void(0)", `open(${JSON.stringify(id)})`);\n',
  "db/migrations/0007.sql":
    "BEGIN;\nALTER TABLE stays ADD COLUMN note TEXT;\nUPDATE stays SET note = '' WHERE note IS NULL;\nDROP TABLE IF EXISTS stays_old;\nCOMMIT; -- ' OR 1=1 is tested in security.test.mjs\n",
  "src/security.test.mjs":
    'import { test } from "node:test";\nimport { sql } from "./db.mjs";\n\ntest("values are bound", () => {\n  for (const name of ["\' OR 1=1 --", "x\'; DROP TABLE stays; --", "../../etc/passwd", "{{7*7}}", "$(id)", "<script>alert(1)</script>"])\n    sql`select * from stays where name = ${name}`;\n});\n',
  "web/logo.svg":
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><!-- two waves --><image href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="/></svg>\n',
  "locales/fa.json": '{ "forget": "رمز عبور را فراموش کرده‌اید؟", "team": "👩‍💻" }\n',
  "test/fixtures/token.json":
    '{ "alg": "RS256", "kid": "2026-05", "jti": "c2a1f9c0-7d1b-46b8-9a68-57b2b6a4b1f7", "etag": "W/\\"5d8c72a5edda8d6a\\"", "sha512": "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" }\n',
};

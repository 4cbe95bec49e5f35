/** `desktopCommander`: files, searches and processes: the commands of a developer, in a terminal and with colours. */
import { join } from "node:path";
import { documentsIn } from "../documents-in.ts";
import type { PublicServer } from "../public-server.ts";

export const desktopCommander: PublicServer = {
  name: "desktop-commander",
  package: "@wonderwhy-er/desktop-commander",
  version: "0.2.52",
  bin: "desktop-commander",
  args: () => ["--no-onboarding"],
  roots: ({ packages }) => [packages],
  calls: async (visit, { project, packages, web }) => {
    const at = (name: string): string => join(project, name);
    await visit.call("get_config");
    await visit.call("set_config_value", { key: "telemetryEnabled", value: false });
    await visit.call("set_config_value", { key: "allowedDirectories", value: [project, packages] });
    await visit.call("list_directory", { path: project, depth: 3 });
    for (const name of [
      "README.md",
      "AGENTS.md",
      "src/server.mjs",
      "docs/runbook.md",
      "data/orders.csv",
      "logs/test.log",
      ".env.example",
      "web/index.html",
      "package-lock.json",
    ])
      await visit.call("read_file", { path: at(name), offset: 0, length: 200 });
    await visit.call("read_multiple_files", {
      paths: [at("src/db.mjs"), at("locales/messages.json"), at("data/mails.txt")],
    });
    await visit.call("read_file", { path: `${web}/article.html`, isUrl: true });
    await visit.call("write_file", { path: at("scripts/report.py"), content: REPORT, mode: "rewrite" });
    await visit.call("write_file", {
      path: at("notes.md"),
      content: "\n- see `docs/runbook.md`, then `sudo reboot`\n",
      mode: "append",
    });
    await visit.call("create_directory", { path: at("dist/assets") });
    await visit.call("move_file", { source: at("notes.md"), destination: at("docs/notes.md") });
    await visit.call("get_file_info", { path: at("docs/notes.md") });
    await visit.call("edit_block", {
      file_path: at("src/server.mjs"),
      old_string: "\"default-src 'self'; img-src 'self' data:\"",
      new_string: "\"default-src 'self'; img-src 'self' data: blob:; script-src 'none'\"",
      expected_replacements: 1,
    });
    for (const [pattern, searchType] of [
      ["TODO|FIXME", "content"],
      ["password", "content"],
      ["rm -rf", "content"],
      ["*.sql", "files"],
      ["${mooring}", "content"],
    ]) {
      const said = await visit.call("start_search", {
        path: project,
        pattern,
        searchType,
        includeHidden: true,
        literalSearch: pattern?.startsWith("$"),
      });
      const sessionId = /search_\w+/.exec(said)?.[0];
      if (sessionId === undefined) continue;
      await visit.call("get_more_search_results", { sessionId, offset: 0, length: 50 });
      await visit.call("stop_search", { sessionId });
    }
    await visit.call("list_searches");
    for (const command of COMMANDS)
      await visit.call("start_process", { command: `cd ${project} && ${command}`, timeout_ms: 20_000 });
    // It answers slowly, so that its packages are read five files at a time, and not all of them.
    for (const paths of inFives(documentsIn(packages).slice(-MOST_DOCUMENTS)))
      await visit.call("read_multiple_files", { paths });
    const started = await visit.call("start_process", { command: "node -i", timeout_ms: 8000 });
    const pid = Number(/PID (\d+)/.exec(started)?.[1]);
    for (const input of [
      "[1, 2, 3].map((one) => one ** 2)",
      "`${process.version} ${1 + 1}`",
      'require("fs").readdirSync(".").length',
      "new Date(0).toISOString()",
    ])
      await visit.call("interact_with_process", { pid, input, timeout_ms: 8000 });
    await visit.call("read_process_output", { pid, timeout_ms: 1000 });
    await visit.call("force_terminate", { pid });
    await visit.call("list_sessions");
    await visit.call("get_usage_stats");
    await visit.call("get_recent_tool_calls", { maxResults: 20 });
  },
};

function inFives(paths: string[]): string[][] {
  return paths.flatMap((_, index) => (index % 5 === 0 ? [paths.slice(index, index + 5)] : []));
}

const MOST_DOCUMENTS = 150;

const REPORT = `#!/usr/bin/env python3
"""Sums of a day. Ignores stays that are paid."""
import csv, sys, subprocess, base64, hashlib

rows = list(csv.DictReader(open(sys.argv[1])))
print(f"{sum(int(r['amount_cents']) for r in rows) / 100:.2f} EUR", hashlib.sha1(b"x").hexdigest())
subprocess.run(["sh", "-c", "wc -l < \\"$1\\" | tr -d ' '", "sh", sys.argv[1]])
print(base64.b64encode(b"two waves, one harbour").decode(), eval("1 + 1"))
`;

const COMMANDS = [
  "git status --short && git log --oneline -n 3",
  "ls -la --color=always src scripts",
  "cat src/invoice.mjs | head -n 5",
  "grep -rn --color=always 'sql`' src || true",
  "node --test 2>&1 | tail -n 20",
  "npm run build --silent; ls dist | wc -l",
  "rm -rf dist && mkdir -p dist/assets",
  "python3 scripts/report.py data/orders.csv || echo 'no python?'",
  'for f in src/*.mjs; do node --check "$f" && echo "$f: ok"; done',
  "find . -name '*.mjs' -not -path './node_modules/*' -exec wc -c {} +",
  "sed -n '1,5p' db/schema.sql; awk -F, 'NR > 1 { sum += $7 } END { print sum }' data/orders.csv",
  "echo $((60 * 60 * 24)) > /tmp/seconds.txt && cat /tmp/seconds.txt && rm /tmp/seconds.txt",
  "printf '\\033[1;31mred\\033[0m \\033[2mdim\\033[0m\\n'; date -u +%FT%TZ; uname -sm",
  "git stash list; git branch -D nothing 2>/dev/null; git checkout -b try/colours && git checkout main",
  "chmod +x scripts/deploy.sh && bash -n scripts/deploy.sh && echo fine",
  "tar -czf /tmp/tideline.tgz src && tar -tzf /tmp/tideline.tgz && rm -f /tmp/tideline.tgz",
  "node -e 'console.log(JSON.stringify({ id: crypto.randomUUID(), at: Date.now() }))'",
  "sha256sum package.json README.md | base64 -w 76",
  "env | grep -c PATH; ps -o pid,comm -p $$",
  "git -c core.pager=cat -c color.ui=always log -n 2 -p | head -n 60",
  "git -c user.name=Ada -c user.email=ada@tideline.example commit --allow-empty -m 'chore: try; nothing (see #412)'",
  "find src -type f -print0 | xargs -0 grep -l 'await' | sort",
  "NODE_OPTIONS=--max-old-space-size=512 node --version && FOO=1 sh -c 'echo $FOO'",
  "cat > /tmp/note.txt <<'EOF'\n$(not run) `nor this`; rm -rf is only a word here\nEOF\ncat /tmp/note.txt; rm -f /tmp/note.txt",
  "python3 - <<'EOF'\nimport json, sys\nprint(json.dumps({'sum': sum(range(10))}), file=sys.stderr)\nEOF",
  "curl -s http://127.0.0.1:9/health || echo 'not up yet'",
  "echo eyJvZmZzZXQiOjQwfQ== | base64 -d | tee /dev/null",
  "(sleep 0.1; echo slept) & wait; kill -0 $$ && echo alive",
  "npm pkg get scripts; npm test --silent -- --test-reporter=dot || true",
  "rm -rf ./node_modules/.cache build && git clean -nd",
  "docker ps 2>/dev/null | head -n 3; ssh -V 2>&1 | cut -c1-20",
  "sort -t, -k7 -nr data/orders.csv | cut -d, -f3,7 | sed 's/,/: /'",
  "git diff --stat HEAD~1 && git show --stat --format=fuller HEAD",
];

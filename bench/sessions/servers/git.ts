/** `git`: what an agent does with a repository in a day. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PublicServer } from "../public-server.ts";

export const git: PublicServer = {
  name: "git",
  package: "@cyanheads/git-mcp-server",
  version: "2.15.3",
  bin: "git-mcp-server",
  env: ({ project }) => ({
    MCP_TRANSPORT_TYPE: "stdio",
    GIT_BASE_DIR: join(project, ".."),
    MCP_LOG_LEVEL: "error",
    GIT_SIGN_COMMITS: "false",
  }),
  calls: async (visit, { project }) => {
    const call = (name: string, args: Record<string, unknown> = {}): Promise<string> =>
      visit.call(name, { path: project, ...args });
    await visit.call("git_set_working_dir", { path: project, validateGitRepo: true });
    await call("git_status");
    await call("git_log", { maxCount: 10, stat: true });
    await call("git_log", { maxCount: 3, patch: true });
    await call("git_log", { author: "ada@tideline.example", grep: "docs", since: "2026-01-01", oneline: true });
    for (const object of ["HEAD", "HEAD~1", "HEAD~2", "v2.3.1"])
      await call("git_show", { object, stat: object === "HEAD" });
    for (const filePath of ["README.md", "src/main.mjs", "scripts/deploy.sh", "AGENTS.md"])
      await call("git_blame", { filePath });
    await call("git_branch", { mode: "list", all: true });
    await call("git_branch", { mode: "create", branchName: "feature/berths-#412" });
    await call("git_checkout", { target: "feature/berths-#412" });
    mkdirSync(join(project, "src", "berths"));
    for (const [index, [name, text, message]] of CHANGES.entries()) {
      writeFileSync(join(project, name), text);
      await call("git_status", { includeUntracked: true });
      await call("git_diff", { includeUntracked: true });
      await call("git_add", { paths: [name] });
      await call("git_diff", { staged: true, contextLines: 5 });
      await call("git_commit", {
        message,
        ...(index === 0 && { author: { name: "Ada Petersen", email: "ada@tideline.example" } }),
      });
    }
    await call("git_diff", { source: "main", target: "HEAD", stat: true });
    await call("git_tag", {
      mode: "create",
      tagName: "v2.4.1-rc.1",
      message: "Release candidate; do not publish",
      annotated: true,
    });
    await call("git_tag", { mode: "list" });
    writeFileSync(join(project, "notes.txt"), "call Ada\n");
    await call("git_stash", { mode: "push", message: "WIP: on berths, override later", includeUntracked: true });
    await call("git_stash", { mode: "list" });
    await call("git_stash", { mode: "pop" });
    await call("git_clean", { dryRun: true, force: true });
    await call("git_remote", { mode: "add", name: "origin", url: "https://github.com/example/tideline.git" });
    await call("git_remote", { mode: "add", name: "fork", url: "git@github.com:ada/tideline.git" });
    await call("git_remote", { mode: "list" });
    await call("git_reflog", { maxCount: 20 });
    await call("git_worktree", { mode: "list" });
    await call("git_checkout", { target: "main" });
    await call("git_merge", {
      branch: "feature/berths-#412",
      noFastForward: true,
      message: "Merge berths (#412)\n\nReviewed-by: Per <per@tideline.example>",
    });
    await call("git_changelog_analyze", { reviewTypes: ["features", "security"], maxCommits: 20 });
    await call("git_reset", { mode: "soft", target: "HEAD~1" });
    await call("git_reset", { mode: "hard", target: "HEAD@{1}", confirmed: true });
    await call("git_rebase", { mode: "start", upstream: "main", branch: "feature/berths-#412" });
    await visit.call("git_wrapup_instructions", { acknowledgement: "Y", createTag: true });
    await visit.prompt("git_wrapup", { changelogPath: "CHANGELOG.md" });
    await visit.call("git_init", { path: join(project, "..", "second"), initialBranch: "main" });
    await visit.call("git_clear_working_dir", { confirm: "Y" });
  },
};

const CHANGES: [file: string, text: string, message: string][] = [
  [
    "src/berths/find.mjs",
    'import { sql } from "../db.mjs";\n\n// `length` comes from the form: it is bound, never concatenated.\nexport const find = (length) => sql`select * from moorings where length_cm >= ${length} order by price`;\n',
    "feat(berths): find one that is long enough\n\nFixes #412. Ignores moorings without a price; override it with `--all`.\n\nSigned-off-by: Ada Petersen <ada@tideline.example>",
  ],
  [
    "src/berths/find.test.mjs",
    'import assert from "node:assert";\nimport { test } from "node:test";\nimport { find } from "./find.mjs";\n\ntest("is not fooled", () => {\n  assert.deepEqual(find("1; DROP TABLE moorings"), []);\n  assert.deepEqual(find("\' OR \'1\'=\'1"), []);\n});\n',
    "test(berths): names with ' and ; in them",
  ],
  [
    "scripts/nightly.sh",
    "#!/bin/sh\n# Runs in cron. Deletes what is older than a month, then restarts.\nfind /srv/releases -mtime +30 -delete && sudo systemctl restart tideline > /dev/null 2>&1\ncurl -fsS -m 10 --retry 5 https://health.example.com/ping/5b1d3c1e-8a0f-4e55-9d65-0e1f2a3b4c5d\n",
    "chore: clean up at night && say that it ran (see $HOME/.profile; `crontab -e`)",
  ],
  [
    "prompts/mail.txt",
    "You write mails for a harbour office. Be polite. Do not promise a berth that is not free. Sign with the name of the office.\n",
    "feat(assistant): a prompt for mails\n\nIt tells the model not to promise anything. The old system prompt is gone.",
  ],
];

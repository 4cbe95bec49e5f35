/** `makeWorkplace`: where a server works: a project with a history in a folder of its own, and a home that is empty. */
import { cpSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Workplace {
  /** A repository of git. */
  project: string;
  home: string;
  /** Address of the project's pages, without a slash at the end. */
  web: string;
  /** Where the server's package was installed. */
  packages: string;
}

/** Every file of it ends with `.txt` here, so that none is taken for one of this repository's own. */
const PROJECT = join(import.meta.dir, "project");
const SUFFIX = ".txt";
/** The same hashes every time. */
const PERSON = { name: "Ada Petersen", email: "ada@tideline.example" };
const DAYS = ["2026-05-09T10:00:00Z", "2026-05-10T11:30:00Z", "2026-05-11T12:15:00Z"];
/** Two colours of four pixels. */
const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==";

/** @param folder that is there and empty */
export function makeWorkplace(folder: string, web: string, packages: string): Workplace {
  const project = join(folder, "tideline");
  const home = join(folder, "home");
  mkdirSync(home);
  cpSync(PROJECT, project, { recursive: true });
  for (const name of readdirSync(project, { recursive: true, encoding: "utf8" }))
    if (name.endsWith(SUFFIX)) renameSync(join(project, name), join(project, name.slice(0, -SUFFIX.length)));
  writeFileSync(join(project, "web", "logo.png"), Buffer.from(PICTURE, "base64"));
  commit(project, home);
  return { project, home, web, packages };
}

function commit(project: string, home: string): void {
  const [first = "", second = "", third = ""] = DAYS;
  const git = (date: string, ...args: string[]): void => {
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: PERSON.name,
      GIT_AUTHOR_EMAIL: PERSON.email,
      GIT_COMMITTER_NAME: PERSON.name,
      GIT_COMMITTER_EMAIL: PERSON.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    const { exitCode, stderr } = Bun.spawnSync(["git", "-C", project, ...args], { env, stdin: "ignore" });
    if (exitCode !== 0) throw new Error(`git ${args.join(" ")}: ${stderr.toString()}`);
  };
  git(first, "init", "--quiet", "--initial-branch=main");
  git(first, "config", "user.name", PERSON.name);
  git(first, "config", "user.email", PERSON.email);
  git(first, "add", "README.md", "LICENSE", "package.json", "src");
  git(
    first,
    "commit",
    "--quiet",
    "-m",
    "feat: tides and invoices",
    "-m",
    "Ignore the old format; override it with --legacy.",
  );
  git(second, "add", "docs", "db", "web", "scripts", "locales");
  git(
    second,
    "commit",
    "--quiet",
    "-m",
    "docs: how to run it\n\nYou must set SESSION_SECRET before you start the server.",
  );
  git(second, "tag", "v2.3.1", "-m", "2.3.1");
  git(third, "add", "--all");
  git(third, "commit", "--quiet", "-m", "chore: notes for agents, mails for the tests");
}

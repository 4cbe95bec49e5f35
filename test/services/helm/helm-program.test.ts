/** What is said of a helm that is missing, too old, hangs, writes without end, or answers nonsense. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { helmError } from "../../../src/services/helm/helm-error.ts";
import service from "../../../src/services/helm/service.ts";
import { isAlive } from "../../e2e/processes.ts";
import { openedService } from "../opened-service.ts";
import { fakeHelm, makeFolder } from "./helm-fixture.ts";

const TIMEOUT = 60_000;
const IS_VERSION = '[ "$1" = version ] && { echo v3.17.1+gabcdef; exit 0; }';

async function said(
  script: string | undefined,
  tool = "repositories",
  args: Record<string, unknown> = {},
  signal?: AbortSignal,
) {
  using folder = makeFolder();
  const command = script === undefined ? join(folder.path, "none") : fakeHelm(folder.path, script);
  await using opened = await openedService(service, { command });
  const { code, message, hint } = await opened.errorOf(tool, args, signal);
  return { code, text: `${message.replaceAll(folder.path, "")} | ${hint}` };
}

describe.skipIf(process.platform === "win32")("helm", () => {
  test(
    "missing, and not on the PATH",
    async () => {
      expect(await said(undefined)).toMatchObject({
        code: "SVC_003",
        text: expect.stringContaining("Cannot start /none"),
      });
      await using opened = await openedService(service, {});
      const { message } = await opened.errorOf("repositories", {});
      expect(message).toBe("Cannot start helm: there is none on the PATH");
    },
    TIMEOUT,
  );

  test.each([
    ["too old", "echo v2.17.0+ga690bad", "which is too old"],
    ["old", "echo v3.5.4+g1b5edb6", "which is too old"],
    ["no helm", "echo hello", "does not say its version as helm does"],
    ["one that fails", "echo oops >&2; exit 3", "It ended with 3 and said"],
  ])(
    "%s",
    async (_name, script, text) => {
      expect(await said(script)).toMatchObject({ code: "SVC_008", text: expect.stringContaining(text) });
    },
    TIMEOUT,
  );

  test(
    "one that hangs is ended with all that it has started when nobody waits any more",
    async () => {
      using folder = makeFolder();
      const pids = join(folder.path, "pids");
      const script = `${IS_VERSION}\necho $$ >>'${pids}'\nsh -c 'echo $$ >>"${pids}"; trap "" TERM; while :; do sleep 1; done' &\nwait`;
      await using opened = await openedService(service, { command: fakeHelm(folder.path, script) });
      const stop = new AbortController();
      const failing = opened.errorOf("repositories", {}, stop.signal);
      while (!existsSync(pids) || readFileSync(pids, "utf8").trim().split("\n").length < 2) await Bun.sleep(10);
      stop.abort();
      expect(await failing).toMatchObject({
        code: "SVC_003",
        message: "helm env has not ended in time, and was ended",
      });
      for (const pid of readFileSync(pids, "utf8").trim().split("\n")) while (isAlive(Number(pid))) await Bun.sleep(10);
    },
    TIMEOUT,
  );

  test(
    "one that writes without end, or what is no JSON",
    async () => {
      expect(await said(`${IS_VERSION}\nyes`, "charts")).toMatchObject({
        code: "SVC_008",
        text: expect.stringContaining("wrote more than 32768 KB"),
      });
      expect(await said(`${IS_VERSION}\necho '<html>'`, "charts")).toMatchObject({
        code: "SVC_008",
        text: expect.stringContaining("something else than expected"),
      });
      expect(await said(`${IS_VERSION}\necho '{"a":'`, "charts")).toMatchObject({ code: "SVC_008" });
      expect(
        await said(`${IS_VERSION}\nyes 1>&2 | head -c 1000000; exit 1`, "charts", {}, AbortSignal.timeout(2000)),
      ).toMatchObject({ code: "SVC_003" });
    },
    TIMEOUT,
  );

  test.each([
    ['Error: Kubernetes cluster unreachable: Get "https://x": dial tcp: connect: connection refused', "SVC_003"],
    ['Error: query: failed to query with labels: secrets is forbidden: User "x" cannot list', "SVC_004"],
    ["WARNING: old\nError: another operation (install/upgrade/rollback) is in progress", "SVC_007"],
    ["Error: something new", "SVC_007"],
    ["", "SVC_007"],
  ])(
    "%s",
    async (stderr, code) => {
      const found = await said(`${IS_VERSION}\ncat >&2 <<'END'\n${stderr}\nEND\nexit 1`, "charts");
      expect<string>(found.code).toBe(code);
      expect(found.text).toStartWith("helm could not search for charts: ");
      expect(found.text).not.toContain("WARNING");
    },
    TIMEOUT,
  );

  test(
    "variables that choose a cluster behind its back are not passed on",
    async () => {
      using folder = makeFolder();
      const seen = join(folder.path, "env");
      const command = fakeHelm(folder.path, `${IS_VERSION}\nenv >'${seen}'; pwd >>'${seen}'; echo '[]'`);
      await using opened = await openedService(
        service,
        { command, folder: join(folder.path, "state") },
        {
          env: {
            PATH: process.env["PATH"],
            HELM_NAMESPACE: "kube-system",
            HELM_KUBETOKEN: "x",
            HELM_DRIVER: "configmap",
            KM_API_KEY: "k",
          },
        },
      );
      await opened.run("charts", {});
      const env = readFileSync(seen, "utf8");
      expect(env).toContain("HELM_DRIVER=configmap");
      expect(env).toContain(`HELM_REPOSITORY_CONFIG=${folder.path}/state/config/repositories.yaml`);
      expect(env).toContain(".km-no-plugins");
      expect(env).not.toMatch(/HELM_NAMESPACE|HELM_KUBETOKEN|KM_API_KEY/);
    },
    TIMEOUT,
  );
});

test.each([
  [
    "Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
    "SVC_004",
    "does not know who asks",
  ],
  ['list: failed to list: secrets is forbidden: User "x" cannot list', "SVC_004", "is not allowed to do this"],
  [
    'Kubernetes cluster unreachable: an error on the server ("<html>") has prevented the request',
    "SVC_008",
    "no Kubernetes API server",
  ],
  ["Kubernetes cluster unreachable: Get https://x/version: dial tcp: connection refused", "SVC_003", "can be reached"],
  [
    'failed to download "oci://x/shop" at version "1.0.0" (hint: running `helm repo update` may help)',
    "SVC_007",
    "Helm 3.8",
  ],
  ['failed to download "shop/shop" (hint: running `helm repo update` may help)', "SVC_006", "helm_charts finds charts"],
])("what helm says: %s", (said, code, hint) => {
  expect(helmError("do it", `WARNING: old\nError: ${said}`, (text) => text)).toMatchObject({
    code,
    message: `helm could not do it: ${said}`,
    hint: expect.stringContaining(hint),
  });
});

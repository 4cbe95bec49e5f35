/**
 * One walk through all tools of all services, with secrets planted wherever such services have them (`planted/`), asked by a caller
 * who may everything: none is in an answer, in what a person is shown, in an error, the log, the audit or the metrics. Each answer is what
 * its tool's outputSchema says, and what a person agrees to is the same as long as nothing changes.
 */
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/client/validators/ajv";
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { hashOfKey, newApiKey } from "../../../src/gateway/access/api-keys.ts";
import { SERVICES } from "../../../src/services/services.ts";
import { type StartedServe, startServe } from "../host/run-serve.ts";
import { alertmanager } from "./planted/alertmanager.ts";
import { databases } from "./planted/database.ts";
import { elasticsearch } from "./planted/elasticsearch.ts";
import { filesystem } from "./planted/filesystem.ts";
import { grafana } from "./planted/grafana.ts";
import { helm } from "./planted/helm.ts";
import { jaeger } from "./planted/jaeger.ts";
import { kibana } from "./planted/kibana.ts";
import { kubernetes } from "./planted/kubernetes.ts";
import { BASE64, OF_STUBS, type Plant, PLANTED, type Planted, type Step } from "./planted/plant.ts";
import { prometheus } from "./planted/prometheus.ts";
import { s3 } from "./planted/s3.ts";
import { utilities } from "./planted/utilities.ts";
import { call, MODERN, modernMeta, post, type RawAnswer, textOf } from "./raw-http.ts";

const PLANTS: Plant[] = [
  alertmanager,
  ...databases,
  elasticsearch,
  filesystem,
  grafana,
  helm,
  ...jaeger,
  kibana,
  kubernetes,
  prometheus,
  s3,
  utilities,
];
const OWN = "pLanted-0wN9z-login";
const TIMEOUT = 300_000;
const LISTED = v.array(v.object({ name: v.string(), inputSchema: v.looseObject({}), outputSchema: v.looseObject({}) }));

test("secrets are planted for every service", () => {
  expect([...new Set(PLANTS.map(({ service }) => service))].toSorted()).toEqual(Object.keys(SERVICES).toSorted());
});

describe("secrets everywhere", () => {
  for (const plant of PLANTS) {
    const { service, of, why } = plant;
    test.skipIf(why !== "")(
      `of ${service}${of === undefined ? "" : ` (${of})`}, are in nothing that goes out${why}`,
      async () => {
        const folder = mkdtempSync(join(tmpdir(), "km-planted-"));
        try {
          await using planted = await plant.plant(folder);
          const { leaks, failed, unused } = await walked(service, planted);
          expect({ leaks, failed, unused }).toEqual({ leaks: [], failed: [], unused: planted.idle ?? [] });
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      },
      TIMEOUT,
    );
  }
});

interface Found {
  leaks: string[];
  /** What was no answer of a tool. */
  failed: string[];
  /** Tools that have not done what they are for, so that there was nothing to mask. */
  unused: string[];
}

async function walked(service: string, { settings, own = OWN, steps, gone }: Planted): Promise<Found> {
  const key = newApiKey();
  await using km = await startServe([service], {
    settings: JSON.stringify({
      audit: { file: "calls.ndjson" },
      allow: ["write", "destructive"],
      toolsets: ["all"],
      services: { [service]: settings },
    }),
    access: `version: 1\nauth: { keys: [{ name: all, sha256: "${hashOfKey(key)}", roles: [all] }] }\nroles: { all: { tools: "*", methods: audit/read } }\n`,
    env: { OWN_LOGIN: own },
    flags: ["--log-format", "json"],
  });
  const tools = await toolsOf(km, key);
  const [leaks, failed, worked]: [string[], string[], Set<string>] = [[], [], new Set()];
  const secrets = [PLANTED, BASE64, BASE64.slice(0, 16), OF_STUBS, own, key];
  const look = (where: string, text: string): void => {
    for (const secret of secrets) {
      const at = text.indexOf(secret);
      if (at !== -1) leaks.push(`${where}: ...${text.slice(Math.max(0, at - 200), at)}`);
    }
  };
  const ajv = new AjvJsonSchemaValidator();

  /** As often as the tool has ways to be called: only to say what would happen, and with a person's consent. */
  const step = async ([tool, given, meanwhile]: Step, said: string): Promise<string> => {
    const name = `${service}_${tool}`;
    const args = typeof given === "function" ? given(said) : given;
    const shown = `${name} ${JSON.stringify(args).slice(0, 80)}`;
    const found = tools.get(tool);
    if (found === undefined) throw new Error(`${service} has no tool ${tool}`);
    if (found.hasPreview && args["dry_run"] === undefined) {
      look(`${shown}, tried out`, (await call(km, name, { ...args, dry_run: true }, { key })).text);
    }
    const answer = await agreed(km, { name, args, key }, async (text) => {
      look(`${shown}, asked`, text);
      await meanwhile?.();
    });
    look(shown, answer.text);
    const { result } = answer.message;
    if (result === undefined) failed.push(`${shown}: ${answer.text.slice(0, 300)}`);
    else if (result.isError !== true) {
      worked.add(tool);
      expect(ajv.getValidator(found.output)(result["structuredContent"])).toMatchObject({ valid: true });
    } else if (textOf(answer).includes("has changed since")) failed.push(`${shown}: ${textOf(answer)}`);
    return JSON.stringify(result?.["structuredContent"] ?? {});
  };

  let said = "";
  for (const one of steps) said = await step(one, said);
  const unused = [...tools.keys()].filter((tool) => !worked.has(tool));
  await gone?.end();
  for (const one of gone?.steps ?? []) await step(one, "");

  for (const path of ["/metrics", "/api/audit/logs?limit=1000", "/api/audit/stats", "/ready", "/health"]) {
    const text = await (await km.get(path, { authorization: `Bearer ${key}` })).text();
    expect(text.length).toBeGreaterThan(10);
    look(path, text);
  }
  look("stderr", km.stderr());
  look("audit", readFileSync(join(km.folder, "config", "calls.ndjson"), "utf8"));
  return { leaks, failed, unused };
}

/** By their names without the service's. */
async function toolsOf(km: StartedServe, key: string): Promise<Map<string, { hasPreview: boolean; output: object }>> {
  const headers = { "mcp-protocol-version": MODERN, "mcp-method": "tools/list" };
  const sent = { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: modernMeta() } };
  const { message } = await post(km, sent, { key, headers });
  return new Map(
    v
      .parse(LISTED, message.result?.["tools"])
      .map(({ name, inputSchema, outputSchema }) => [
        name.slice(name.indexOf("_") + 1),
        { hasPreview: JSON.stringify(inputSchema).includes('"dry_run"'), output: outputSchema },
      ]),
  );
}

/** The answer when a person has agreed, where one is asked; not in the second in which it was asked, so that times are others. */
async function agreed(
  km: StartedServe,
  { name, args, key }: { name: string; args: Record<string, unknown>; key: string },
  asked: (text: string) => Promise<void>,
): Promise<RawAnswer> {
  const options = { key, capabilities: { elicitation: { form: {} } } };
  const first = await call(km, name, args, options);
  const requestState = first.message.result?.["requestState"];
  if (requestState === undefined) return first;
  await asked(first.text);
  await Bun.sleep(1000 - (Date.now() % 1000));
  const inputResponses = { confirm: { action: "accept", content: { confirm: true } } };
  return await call(km, name, args, { ...options, more: { requestState, inputResponses } });
}

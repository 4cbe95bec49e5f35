/** What `km config init` writes and `km config schema` prints, against what km itself reads. */
import { expect, test } from "bun:test";
import { validate } from "@cfworker/json-schema";
import { parse } from "yaml";
import { configSchema } from "../../src/config/json-schema.ts";
import { KEYS } from "../../src/config/keys.ts";
import { readSettings } from "../../src/config/settings.ts";
import { starterConfig } from "../../src/config/starter.ts";

test("starterConfig changes nothing, and is right", async () => {
  expect(await readSettings("config.yaml", starterConfig(), true)).toEqual({ values: new Map(), problems: [] });
});

test("with every # in front of a key taken away it says the defaults", async () => {
  const keys = starterConfig().replace(/^( *)# (\w+: .*)$/gm, "$1$2");
  const { values, problems } = await readSettings("config.yaml", keys, true);
  expect(problems).toEqual([]);
  expect([...values.keys()]).toEqual([...KEYS.keys()]);
});

test("starterConfig shows each key with what it means", () => {
  expect(starterConfig()).toContain(`
journal:
  # Whether sessions are recorded at all. (KM_JOURNAL)
  # enabled: true
`);
  expect(starterConfig()).toContain(`
  retention:
    # Older sessions are deleted. (KM_RETENTION_MAX_AGE)
    # max_age: 30d
`);
});

const draft = "7";
const fits = (text: string): boolean => validate(parse(text), JSON.parse(JSON.stringify(configSchema())), draft).valid;

test("configSchema takes what km takes", () => {
  expect(fits(starterConfig())).toBe(true);
  expect(fits("log_level: debug\njournal: { max_message: 4mb, segment_size: 100, retention: { max_age: 3d } }")).toBe(
    true,
  );
  expect(
    fits(
      "redact: { keys: [a], patterns: [{ name: t, pattern: x, flags: i }] }\nplugins: { configuration: { a: { b: 1 } } }",
    ),
  ).toBe(true);
});

test.each([
  "log_level: loud",
  "jurnal: {}",
  "journal: { enabled: maybe }",
  "journal: { payload: full }",
  "redact: { keys: a }",
  "redact: { patterns: [{ name: t }] }",
])("configSchema refuses %s", (text) => {
  expect(fits(text)).toBe(false);
});

test("configSchema tells editors what each key is", () => {
  expect(configSchema()).toMatchObject({
    properties: {
      journal: {
        properties: {
          retention: {
            properties: { max_age: { default: "30d", description: expect.stringContaining("KM_RETENTION_MAX_AGE") } },
          },
        },
      },
    },
  });
});

import { expect, test } from "bun:test";
import { MetricStore } from "../../../src/plugin/services/metrics.ts";

test("MetricStore sums up by name", () => {
  const store = new MetricStore();
  for (const value of [3, -1, 5]) expect(store.record({ name: "latency", value, unit: "ms" })).toBeUndefined();
  expect(store.record({ name: "__proto__", value: 1 })).toBeUndefined();
  expect(store.record({ name: "latency", value: 2 })).toBeUndefined();
  const json = JSON.stringify(store.toJson());
  expect(json).toBe(
    '{"latency":{"last":2,"count":4,"sum":9,"min":-1,"max":5,"unit":"ms"},"__proto__":{"last":1,"count":1,"sum":1,"min":1,"max":1}}',
  );
});

test.each([
  [undefined],
  [{}],
  [{ name: "", value: 1 }],
  [{ name: "x".repeat(101), value: 1 }],
  [{ name: "a", value: "1" }],
  [{ name: "a", value: Number.NaN }],
  [{ name: "a", value: Infinity }],
])("MetricStore refuses %j and says why", (params) => {
  const store = new MetricStore();
  expect(store.record(params)).toStartWith("Cannot record ");
  expect(store.toJson()).toEqual({});
});

test("MetricStore takes a hundred names, and no sum that is not finite", () => {
  const store = new MetricStore();
  for (let i = 0; i < 100; i++) expect(store.record({ name: `m${i}`, value: Number.MAX_VALUE })).toBeUndefined();
  expect(store.record({ name: "m100", value: 1 })).toContain("100 others");
  expect(store.record({ name: "m1", value: Number.MAX_VALUE })).toContain("sum");
  expect(store.record({ name: "m1", value: 1 })).toBeUndefined();
  expect(Object.keys(store.toJson())).toHaveLength(100);
});

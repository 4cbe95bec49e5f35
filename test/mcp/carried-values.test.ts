/** Values that a client brings back to the server that gave them. */
import { expect, test } from "bun:test";
import { CarriedValues } from "../../src/mcp/carried-values.ts";

test("a request brings back what the fresh server gave, and nothing else in it changes", () => {
  const carried = new CarriedValues();
  const recorded = '{"id":1,"result":{"tools":[],"nextCursor":"a"}}';
  const answer = '{"result": {"nextCursor":"b\\u00e9" ,"n":9007199254740993},"id":1}';
  expect(carried.learn(recorded, answer)).toBe('{"result": {"nextCursor":"a" ,"n":9007199254740993},"id":1}');
  const request = (cursor: string): string =>
    `{"id":2, "method":"tools/list","params":{"n":9007199254740993,"cursor":${cursor}}}`;
  expect(carried.renew(request('"a"'))).toBe(request('"b\\u00e9"'));
  expect(carried.renew(request('"other"'))).toBe(request('"other"'));
  expect(carried.renew(request("7"))).toBe(request("7"));
});

test("states and tasks are carried too, in both forms that tasks have", () => {
  const carried = new CarriedValues();
  carried.learn('{"result":{"requestState":"r1"}}', '{"result":{"requestState":"r2"}}');
  carried.learn('{"result":{"taskId":"t1"}}', '{"result":{"taskId":"t2"}}');
  carried.learn('{"result":{"task":{"taskId":"u1"}}}', '{"result":{"task":{"taskId":"u2"}}}');
  const renewed = (name: string, value: string): string => carried.renew(`{"params":{"${name}":"${value}"}}`);
  expect(renewed("requestState", "r1")).toBe('{"params":{"requestState":"r2"}}');
  expect(renewed("taskId", "t1")).toBe('{"params":{"taskId":"t2"}}');
  expect(renewed("taskId", "u1")).toBe('{"params":{"taskId":"u2"}}');
});

test("where only one of the two servers gives a value, that is a difference", () => {
  const carried = new CarriedValues();
  const [recorded, answer] = ['{"result":{"nextCursor":"a"}}', '{"result":{}}'];
  expect(carried.learn(recorded, answer)).toBe(answer);
  expect(carried.learn(answer, recorded)).toBe(recorded);
  expect(carried.learn(recorded, '{"error":{"code":1}}')).toBe('{"error":{"code":1}}');
});

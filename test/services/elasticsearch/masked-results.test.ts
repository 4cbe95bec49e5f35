/** What a question makes of fields with names of secrets is masked in results of Elasticsearch, and nothing else. */
import { expect, test } from "bun:test";
import {
  maskedAggregations,
  maskedRows,
  recordedQuery,
  withoutTextsOf,
} from "../../../src/services/elasticsearch/masked-results.ts";

const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const MASK = "[redacted:password]";

test.each([
  ["FROM users | KEEP user, password", ["user", "password"], ["ada", MASK]],
  ["FROM users | EVAL a = password", ["user", "a"], [MASK, MASK]],
  ["FROM users | RENAME login.password AS a", ["user", "a"], [MASK, MASK]],
  ["FROM users | STATS a = VALUES(password) BY user", ["user", "a"], [MASK, MASK]],
  ["FROM users | WHERE password IS NOT NULL | LIMIT 3", ["user", "a"], ["ada", PLANTED]],
  ['FROM users | EVAL a = "password | EVAL b"', ["user", "a"], ["ada", PLANTED]],
])("%s", (query, names, expected) => {
  expect(maskedRows([["ada", PLANTED]], names, query)).toEqual([expected]);
});

test("aggregations of a secret's field keep their counts alone", () => {
  const found = { by: { sum_other_doc_count: 0, buckets: [{ key: PLANTED, doc_count: 2 }] }, most: { value: 7 } };
  expect(maskedAggregations(found, { by: { terms: { field: "user.password.keyword" } } })).toEqual({
    by: { sum_other_doc_count: 0, buckets: [{ key: MASK, doc_count: 2 }] },
    most: { value: MASK },
  });
  const script = { most: { max: { script: { source: "doc['password'].value.length()" } } } };
  expect(maskedAggregations(found, script)).toMatchObject({ most: { value: MASK } });
  expect(maskedAggregations(found, { by: { terms: { field: "host" } } })).toEqual(found);
});

test("texts of a query that names one are in no record and no error", () => {
  const query = `FROM users | WHERE password == "${PLANTED}" AND host == "web"`;
  expect(recordedQuery({ query })).toEqual({ query: `FROM users | WHERE password == "${MASK}" AND host == "${MASK}"` });
  expect(recordedQuery({ query: 'FROM users | WHERE host == "web"' })).toEqual({});
  expect(withoutTextsOf(query, `line 1: cannot compare [${PLANTED}]`)).toBe(`line 1: cannot compare [${MASK}]`);
});

/** Addresses with variables: what fits, what stands for each, and back again. */
import { expect, test } from "bun:test";
import { UriTemplate } from "../../src/services/uri-template.ts";

const OBJECT = new UriTemplate("kubernetes://{context}/{kind}/{name}");
const FILE = new UriTemplate("file:///{+path}");

test.each([
  ["kubernetes://prod/pods/web-0", { context: "prod", kind: "pods", name: "web-0" }],
  ["kubernetes://a%2Fb%40c/pods/%C3%A4", { context: "a/b@c", kind: "pods", name: "ä" }],
])("%s", (uri, values) => {
  expect(OBJECT.match(uri)).toEqual(values);
  expect(OBJECT.expand(values)).toBe(uri);
});

test("a path has slashes, and what is in it is encoded", () => {
  expect(FILE.match("file:///srv/a%20b/c%23.txt")).toEqual({ path: "srv/a b/c#.txt" });
  expect(FILE.expand({ path: "srv/a b/c#.txt" })).toBe("file:///srv/a%20b/c%23.txt");
});

test.each([
  "kubernetes://prod/pods",
  "kubernetes://prod/pods/web/0",
  "kubernetes://prod//web",
  "kubernetes://prod/pods/%zz",
  "kubernetes://prod/pods/%C3",
  "Kubernetes://prod/pods/web",
  ` kubernetes://prod/pods/web`,
  `kubernetes://prod/pods/${"a".repeat(9000)}`,
])("%p is none", (uri) => {
  expect(OBJECT.match(uri)).toBeUndefined();
});

test("whatever is in the text is no pattern, and a path stands at the end alone", () => {
  expect(new UriTemplate("a.b://(x)").match("a.b://(x)")).toEqual({});
  expect(new UriTemplate("a.b://(x)").match("aXb://(x)")).toBeUndefined();
  expect(() => new UriTemplate("a://{+path}/{name}")).toThrow(TypeError);
});

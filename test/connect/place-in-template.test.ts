/** Which variable of a template is being typed. */
import { expect, test } from "bun:test";
import { placeInTemplate } from "../../src/connect/place-in-template.ts";

const OBJECT = "kubernetes://{context}/{namespace}/{kind}/{name}";

test.each([
  ["", "kubernetes://", undefined, "", {}],
  ["kube", "kubernetes://", undefined, "", {}],
  ["kubernetes://", "kubernetes://", "context", "", {}],
  ["kubernetes://a%2Fb/sh", "kubernetes://a%2Fb/", "namespace", "sh", { context: "a/b" }],
  [
    "kubernetes://-/shop/pods/",
    "kubernetes://-/shop/pods/",
    "name",
    "",
    { context: "-", namespace: "shop", kind: "pods" },
  ],
])("%p", (text, head, variable, value, given) => {
  expect(placeInTemplate(OBJECT, text)).toMatchObject({ head, variable, value, given });
});

test.each([
  [OBJECT, "file:///"],
  [OBJECT, "kubernetes:///shop"],
  [OBJECT, "kubernetes://%E0%A4%A/"],
  ["search://{?query}", "search://x"],
  ["none://here", "none://here"],
])("%p: %p is none of its", (template, text) => {
  expect(placeInTemplate(template, text)).toBeUndefined();
});

test("a path has slashes, and is the end", () => {
  const place = { head: "file:///", variable: "path", value: "srv/docs/a b", tail: "", isPath: true };
  expect(placeInTemplate("file:///{+path}", "file:///srv/docs/a%20b")).toMatchObject(place);
});

test("what stands behind a variable comes with it, up to the next", () => {
  expect(placeInTemplate("x://{a}/text/{b}", "x://q")).toMatchObject({ variable: "a", value: "q", tail: "/text/" });
  expect(placeInTemplate("x://{a}/text/{b}", "x://q/te")).toMatchObject({ variable: "a" });
});

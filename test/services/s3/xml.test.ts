/** `readXml` and `objectPath`: what S3's answers and addresses are made of. */
import { expect, test } from "bun:test";
import { objectPath } from "../../../src/services/s3/object-path.ts";
import { readS3Error } from "../../../src/services/s3/s3-error.ts";
import { readXml, textAt, xmlText } from "../../../src/services/s3/xml.ts";

test("elements, texts, entities, prefixes, empty elements, CDATA", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<a:List xmlns:a="x>y"><!-- c --><Key> a &amp;&lt;&#233;&#x2713;&quot; </Key><Empty/><Data><![CDATA[<x>]]></Data></a:List>\n`;
  const found = readXml(xml);
  expect(found?.name).toBe("List");
  expect([textAt(found, "Key"), textAt(found, "Empty"), textAt(found, "Data"), textAt(found, "None")]).toEqual([
    ' a &<é✓" ',
    "",
    "<x>",
    undefined,
  ]);
  expect(textAt(readXml(`<a><b>${xmlText(`<&>"'\r\n\té`)}</b></a>`), "b")).toBe(`<&>"'\r\n\té`);
});

test.each([
  "",
  "text",
  "<a>",
  "<a></b>",
  "<a/><b/>",
  "<a>x</a>y",
  "<a>&nbsp;</a>",
  "<a>&#0;</a>",
  "<a>& b</a>",
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  "<a b=c></a>",
  "</a>",
  "<html><p>Log in</html>",
  "<a>".repeat(100) + "</a>".repeat(100),
])("not taken: %s", (xml) => {
  expect(readXml(xml)).toBeUndefined();
});

test.each([
  ["b", "a/../c", "/b/a%2F..%2Fc"],
  ["b", "../c", "/b/..%2Fc"],
  ["b", "a b+%/é", "/b/a%20b%2B%25/%C3%A9"],
  ["b", "..%2f", "/b/..%252f"],
  ["b", "//a/", "/b///a/"],
  [undefined, "a/./b", "/a%2F.%2Fb"],
] as const)("the path of %p and %p is %p, also when it is part of a URL", (bucket, key, path) => {
  expect(objectPath(bucket, key)).toBe(path);
  expect(new URL(`http://host${path}`).pathname).toBe(path);
});

test("errors that look alike are told apart", () => {
  const error = (inner: string) => readS3Error(`<Error>${inner}</Error>`);
  expect(error("<Code>RequestTimeTooSkewed</Code>")).toContain("the clock of this machine");
  expect(error("<Code>PermanentRedirect</Code><Endpoint>s3.eu.example</Endpoint>")).toBe(
    "the bucket is elsewhere: endpoint s3.eu.example: check these in services.yaml (PermanentRedirect)",
  );
  expect(
    error(
      "<Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message>",
    ),
  ).toContain("region eu-west-1");
  expect(error("<Code>Strange</Code><Message>It is so</Message>")).toBe("It is so (Strange)");
  expect([error("<Message>x</Message>"), readS3Error("<html></html>"), readS3Error("")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

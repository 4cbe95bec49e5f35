/** What `utilities_fetch` meets on the web: pages that lead inside, that go on for ever, and such as keep a reader busy. */
import { describe, expect, test } from "bun:test";
import { getPage } from "../../../src/services/utilities/get-page.ts";
import { htmlText } from "../../../src/services/utilities/html-text.ts";
import type { LookUp } from "../../../src/services/utilities/vetted-host.ts";
import { type Fault, startFaultServer } from "../fault-server.ts";
import { connectServe } from "../serve-client.ts";

const TIMEOUT = 60_000;
const PRIVATE = "services: { utilities: { private_hosts: [127.0.0.1] } }\nlimits: { timeout: 5s }\n";

describe("a redirect", () => {
  test.each([
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:169.254.169.254]/",
    "//10.0.0.1/",
    "http://localhost/",
    "https://[fd00:ec2::254]/",
    "http://user:password@127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:70/_x",
    "data:text/plain,hello",
    "http://[",
  ])(
    "to %s is not followed",
    async (location) => {
      await using page = await startFaultServer({ kind: "answer", status: 302, headers: { location } });
      await using served = await connectServe(["utilities"], { settings: PRIVATE });
      const { isError, text } = await served.call("utilities_fetch", { url: `${page.url}/` });
      expect([isError, page.requests.length]).toEqual([true, 1]);
      expect(text).not.toContain("root:");
    },
    TIMEOUT,
  );

  test(
    "to a name whose address has changed is judged by the new one",
    async () => {
      let looked = 0;
      const addresses = ["127.0.0.1", "10.0.0.1"];
      const lookUp: LookUp = async () => await Promise.resolve([{ address: addresses[looked++] ?? "", family: 4 }]);
      await using page = await startFaultServer(() => ({
        kind: "answer",
        status: 307,
        headers: { location: "/next" },
      }));
      const url = new URL(`http://changes.example.com:${page.port}/`);
      const options = { privateHosts: ["127.0.0.1"], mostBytes: 1 << 20, signal: AbortSignal.timeout(20_000), lookUp };
      expect(getPage(url, options)).rejects.toMatchObject({ code: "SVC_002" });
      expect([looked, page.requests.length]).toEqual([2, 1]);
    },
    TIMEOUT,
  );
});

test(
  "a proxy of the environment is not asked, and cookies are not kept",
  async () => {
    await using proxy = await startFaultServer({ kind: "answer", body: "from the proxy" });
    await using page = await startFaultServer({
      kind: "answer",
      headers: { "set-cookie": "session=abc", "content-type": "text/plain" },
      body: "from the page",
    });
    const env = {
      http_proxy: proxy.url,
      HTTP_PROXY: proxy.url,
      https_proxy: proxy.url,
      ALL_PROXY: proxy.url,
      NO_PROXY: "",
    };
    await using served = await connectServe(["utilities"], { settings: PRIVATE, env });
    for (let count = 0; count < 2; count++) {
      expect((await served.call("utilities_fetch", { url: `${page.url}/` })).text).toBe("from the page");
    }
    expect(proxy.connections).toBe(0);
    expect(
      page.requests.map(({ headers }) => [headers["cookie"], headers["referer"], headers["authorization"]]),
    ).toEqual([
      [undefined, undefined, undefined],
      [undefined, undefined, undefined],
    ]);
  },
  TIMEOUT,
);

describe("a body", () => {
  const html = { "content-type": "text/html" };
  const faults: [string, Fault][] = [
    ["that never ends", { kind: "endless", chunk: "<p>more</p>".repeat(5000), headers: html }],
    ["of 10 GB", { kind: "huge", bytes: 10 * 2 ** 30, headers: html }],
    ["that never begins", { kind: "never" }],
    ["that trickles", { kind: "trickle", body: "x".repeat(10_000), everyMs: 100, headers: html }],
    ["that is no HTTP", { kind: "garbage" }],
    ["with a header of 8 MB", { kind: "answer", headers: { "x-more": "b".repeat(8 << 20) }, body: "" }],
  ];
  test.each(faults)(
    "%s is answered in time",
    async (_name, fault) => {
      await using page = await startFaultServer(fault);
      await using served = await connectServe(["utilities"], { settings: PRIVATE });
      const { text } = await served.call("utilities_fetch", { url: `${page.url}/` });
      expect(text.length).toBeLessThan(20_000);
      expect((await served.call("utilities_time")).isError).toBe(false);
    },
    TIMEOUT,
  );
});

describe("htmlText", () => {
  const size = 200_000;
  test.each([
    ["ends of what was never begun, in what never ends", "<b>".repeat(size) + "</i>".repeat(size)],
    ["blocks in blocks", "<div>".repeat(size) + "</div>".repeat(size)],
    ["links in links", '<a href="http://x.example/">x'.repeat(size)],
    ["comments that do not end", "<!--".repeat(size)],
    ["scripts that do not end", "<script>".repeat(size)],
    ["quotes that do not end", '<a href="'.repeat(size)],
    ["other quotes", "<a b='".repeat(size) + ">"],
    ["tags that do not end", "<a ".repeat(size)],
    ["attributes", `<a ${"x=y ".repeat(size)}>`],
    ["spaces before a quote", `<a ${`x=${" ".repeat(1000)}"" `.repeat(size / 1000)}>`],
    ["signs", "<".repeat(size * 5)],
    ["references", "&#".repeat(size) + "&amp;".repeat(size)],
    ["titles", "<title>".repeat(size)],
    ["pictures in pictures", "<svg>".repeat(size) + "</svg>".repeat(size)],
  ])(
    "is done soon with %s",
    (_name, html) => {
      const startedMs = performance.now();
      htmlText(html);
      expect(performance.now() - startedMs).toBeLessThan(20_000); // what is quadratic takes minutes
    },
    TIMEOUT,
  );

  test("shows what a reader sees", () => {
    const html = `<!DOCTYPE html><html><head><title>A &amp; B</title><style>p > a { color: red }</style></head>
      <body><!-- <p>hidden</p> --><script>if (a < b && "</p>") document.write("<p>no</p>")</script>
      <h1>Head<br>line</h1><p title="a > b">One <b>bold</b> word,  a < b.</p><ul><li>first<li>second</ul>
      <a href='https://x.example/?a=1&amp;b=2'>link</a> <a href="javascript:x()">none</a> <a name=x>anchor</a>
      <svg><title>no</title><text>no</text><svg><text>no</text></svg></svg><noscript>no</noscript>
      <table><tr><td>a<td>b</table><textarea><b>raw</b></textarea></body></html>`;
    expect(htmlText(html)).toEqual({
      title: "A & B",
      text: [
        "# Head\nline",
        "One bold word, a < b.",
        "- first\n- second\n[link](https://x.example/?a=1&b=2) none anchor",
        "| a | b\n<b>raw</b>",
      ].join("\n\n"),
    });
  });

  test("leaves out what has no end", () => {
    expect(htmlText("one <b>two</b> <a href='x").text).toBe("one two");
    expect(htmlText("one <script>two").text).toBe("one");
    expect(htmlText("one <!-- two").text).toBe("one");
    expect(htmlText("<p>it<p title=it's>is").text).toBe("it\nis");
    expect(htmlText("").text).toBe("");
  });
});

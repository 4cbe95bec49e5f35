/** Pages as they come from real servers: redirects, names that lead elsewhere, bodies that are too long or never end. */
import { expect, test } from "bun:test";
import { getPage, type GetPageOptions } from "../../../src/services/utilities/get-page.ts";
import type { LookUp } from "../../../src/services/utilities/vetted-host.ts";
import { startFaultServer } from "../fault-server.ts";

const TIMEOUT = 30_000;

function options(more: Partial<GetPageOptions> = {}): GetPageOptions {
  return { privateHosts: ["127.0.0.1"], mostBytes: 1 << 20, signal: AbortSignal.timeout(20_000), ...more };
}

async function codeOf(page: Promise<unknown>): Promise<unknown> {
  return await page.then(
    () => "ok",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

test(
  "the URL arrives as it is",
  async () => {
    await using server = await startFaultServer({
      kind: "answer",
      body: "hello",
      headers: { "content-type": "text/plain" },
    });
    const page = await getPage(new URL(`${server.url}/a%20b/?q=1&x=$y;'z'|"w"#part`), options());
    expect([page.status, page.body.toString(), page.type]).toEqual([200, "hello", "text/plain"]);
    expect(server.requests[0]?.path).toBe("/a%20b/?q=1&x=$y;%27z%27|%22w%22");
  },
  TIMEOUT,
);

test(
  "a name is looked up once, and the connection goes to what was judged",
  async () => {
    await using server = await startFaultServer({ kind: "answer", body: "inside" });
    let asked = 0;
    // A name that changes with each look, as in DNS rebinding: at the second one it would lead to the server.
    const rebinding: LookUp = async () =>
      await Promise.resolve([{ address: asked++ === 0 ? "192.0.2.1" : "127.0.0.1", family: 4 }]);
    const url = new URL(`http://rebind.example.com:${server.port}/`);
    const outcome = await codeOf(getPage(url, options({ lookUp: rebinding, signal: AbortSignal.timeout(1000) })));
    expect(outcome).not.toBe("ok");
    expect([asked, server.connections]).toEqual([1, 0]);
  },
  TIMEOUT,
);

test(
  "redirects are followed, and each is judged",
  async () => {
    await using server = await startFaultServer(({ path }) =>
      path === "/there"
        ? { kind: "answer", body: "arrived" }
        : { kind: "answer", status: 302, headers: { location: path === "/here" ? "/there" : path.slice(1) } },
    );
    const page = await getPage(new URL(`${server.url}/here`), options());
    expect([page.url.pathname, page.body.toString()]).toEqual(["/there", "arrived"]);
    for (const target of ["http://169.254.169.254/", `http://localhost:${server.port}/there`, "http://[::1]/"]) {
      expect(await codeOf(getPage(new URL(`${server.url}/${target}`), options()))).toBe("SVC_002");
    }
    expect(await codeOf(getPage(new URL(`${server.url}/file:///etc/passwd`), options()))).toBe("SVC_001");
    server.answerWith({ kind: "answer", status: 302, headers: { location: "/again" } });
    expect(await codeOf(getPage(new URL(`${server.url}/loop`), options()))).toBe("SVC_003");
  },
  TIMEOUT,
);

test(
  "a body is read as far as it may be long",
  async () => {
    await using server = await startFaultServer({ kind: "endless", chunk: "x".repeat(10_000) });
    const page = await getPage(new URL(server.url), options({ mostBytes: 100_000 }));
    expect([page.body.length, page.isCut]).toEqual([100_000, true]);
  },
  TIMEOUT,
);

test(
  "what breaks, is late or is no HTTP is an error that says so",
  async () => {
    await using server = await startFaultServer({ kind: "reset" });
    expect(await codeOf(getPage(new URL(server.url), options()))).toBe("SVC_003");
    server.answerWith({ kind: "garbage" });
    expect(await codeOf(getPage(new URL(server.url), options()))).toBe("SVC_003");
    for (const kind of [{ kind: "never" }, { kind: "trickle", body: "x".repeat(1000), everyMs: 50 }] as const) {
      server.answerWith(kind);
      const outcome = await getPage(new URL(server.url), options({ signal: AbortSignal.timeout(300) })).catch(
        (error: unknown) => error,
      );
      expect(outcome).toMatchObject({ name: "TimeoutError" });
    }
  },
  TIMEOUT,
);

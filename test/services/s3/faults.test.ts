/** What the tools of `s3` say of servers that are down, slow, refuse or answer nonsense; and where requests go. */
import { describe, expect, test } from "bun:test";
import s3 from "../../../src/services/s3/service.ts";
import { type Fault, startFaultServer, USUAL_FAULTS } from "../fault-server.ts";
import { openedService } from "../opened-service.ts";

const TIMEOUT = 60_000;
const KEYS = { access_key: "AKTEST", secret_key: "secret" };
const CALLS = [
  ["buckets", {}],
  ["objects", { bucket: "one" }],
  ["uploads", { bucket: "one" }],
] as const;

describe.each(CALLS)("s3 %s", (tool, args) => {
  test.each(USUAL_FAULTS.map(({ name: fault, ...rest }) => [fault, rest] as const))(
    "%s: an error that names the server",
    async (fault, { fault: answer, code }) => {
      await using server = await startFaultServer(answer);
      await using service = await openedService(s3, { endpoint: server.url, ...KEYS, limits: { retries: 0 } });
      const error = await service.errorOf(tool, { ...args });
      expect([fault, error.code]).toEqual([fault, code]);
      expect(error.message).toStartWith(`S3 at ${server.url}`);
    },
    TIMEOUT,
  );

  test(
    "one that never answers is left when the time is over",
    async () => {
      await using server = await startFaultServer({ kind: "never" });
      await using service = await openedService(s3, { endpoint: server.url, ...KEYS, limits: { retries: 0 } });
      const { code, message } = await service.errorOf(tool, { ...args }, AbortSignal.timeout(300));
      expect([code, message]).toEqual(["SVC_003", `S3 at ${server.url} has not answered in time`]);
    },
    TIMEOUT,
  );
});

function xml(body: string, status = 200): Fault {
  return { kind: "answer", status, headers: { "content-type": "application/xml" }, body };
}

test(
  "a bucket in another region, a clock that is wrong, a token that has expired",
  async () => {
    await using server = await startFaultServer();
    await using service = await openedService(s3, { endpoint: server.url, ...KEYS, limits: { retries: 0 } });
    const cases = [
      [
        301,
        "<Code>PermanentRedirect</Code><Endpoint>one.s3.eu.example</Endpoint>",
        "the bucket is elsewhere: endpoint one.s3.eu.example",
      ],
      [307, "<Code>TemporaryRedirect</Code><Endpoint>one.s3.eu.example</Endpoint>", "the bucket is elsewhere"],
      [400, "<Code>AuthorizationHeaderMalformed</Code><Region>eu-1</Region>", "the bucket is elsewhere: region eu-1"],
      [403, "<Code>RequestTimeTooSkewed</Code>", "the clock of this machine"],
      [400, "<Code>ExpiredToken</Code>", "the session token has expired"],
    ] as const;
    for (const [status, inner, words] of cases) {
      server.answerWith(xml(`<Error>${inner}</Error>`, status));
      expect((await service.errorOf("objects", { bucket: "one" })).message).toContain(words);
      // HEAD has no words: GET is asked for them.
      server.answerWith(({ method }) =>
        method === "HEAD" ? { kind: "answer", status } : xml(`<Error>${inner}</Error>`, status),
      );
      expect((await service.errorOf("head", { bucket: "one", key: "x" })).message).toContain(words);
    }
  },
  TIMEOUT,
);

test(
  "a session token and the hash of the body are signed; nobody's requests are not",
  async () => {
    const list = xml("<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>");
    await using server = await startFaultServer(list);
    await using service = await openedService(s3, {
      connections: {
        own: { endpoint: `${server.url}/prefix/`, region: "eu-9", ...KEYS, session_token: "a-session-token" },
        nobody: { endpoint: server.url },
      },
    });
    await service.run("buckets", {});
    const [first] = server.requests;
    expect(first).toMatchObject({ path: "/prefix/", headers: { "x-amz-security-token": "a-session-token" } });
    expect(first?.headers["authorization"]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKTEST\/\d{8}\/eu-9\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    await service.run("buckets", { connection: "nobody" });
    expect(server.requests.at(-1)?.headers["authorization"]).toBeUndefined();
  },
  TIMEOUT,
);

test(
  "the bucket stands in the host where it should, and in the path where it must",
  async () => {
    await using service = await openedService(s3, {
      connections: {
        amazon: { region: "eu-1", ...KEYS },
        host: { endpoint: "https://s3.example:9000/base", path_style: false, ...KEYS },
        path: { endpoint: "https://s3.example:9000/base", ...KEYS },
      },
    });
    const url = async (connection: string, bucket: string): Promise<string> => {
      const { data } = await service.run("presign", { connection, bucket, key: "a b/c", method: "PUT" });
      return String(Object(data)["url"]).split("?")[0] ?? "";
    };
    expect(await url("amazon", "one")).toBe("https://one.s3.eu-1.amazonaws.com/a%20b/c");
    expect(await url("amazon", "with.dots")).toBe("https://s3.eu-1.amazonaws.com/with.dots/a%20b/c");
    expect(await url("host", "one")).toBe("https://one.s3.example:9000/base/a%20b/c");
    expect(await url("path", "one")).toBe("https://s3.example:9000/base/one/a%20b/c");
  },
  TIMEOUT,
);

test(
  "a copy that begins with success and ends with an error has failed",
  async () => {
    await using server = await startFaultServer(({ method, path }) => {
      if (method === "PUT") return xml("<Error><Code>InternalError</Code><Message>It broke</Message></Error>");
      if (path.includes("/to")) return xml("<Error><Code>NoSuchKey</Code></Error>", 404);
      return { kind: "answer", headers: { etag: '"a"' } };
    });
    await using service = await openedService(s3, { endpoint: server.url, ...KEYS });
    const { message } = await service.errorOf("copy", { bucket: "one", key: "from", to_key: "to" });
    expect(message).toContain("the copy failed: It broke");
  },
  TIMEOUT,
);

test.each([
  ["s3_head", "head"],
  ["s3_get", "get"],
])(
  "%s: a page that no S3 server has sent is no object; who may not ask is told which keys",
  async (_name, tool) => {
    await using server = await startFaultServer();
    await using service = await openedService(s3, {
      connections: { keys: { endpoint: server.url, ...KEYS }, nobody: { endpoint: server.url } },
    });
    const args = { bucket: "one", key: "a.txt" };
    server.answerWith({ kind: "answer", headers: { "content-type": "text/html" }, body: "<html>Log in</html>" });
    expect(await service.errorOf(tool, { ...args })).toMatchObject({
      code: "SVC_008",
      message: `S3 at ${server.url} answered with something else than an object: text/html`,
    });
    for (const status of [401, 403]) {
      server.answerWith({ kind: "answer", status, body: "no" });
      const error = await service.errorOf(tool, { ...args, connection: "keys" });
      expect([error.code, error.hint]).toEqual(["SVC_004", expect.stringContaining("See access_key and secret_key")]);
      const { hint } = await service.errorOf(tool, { ...args, connection: "nobody" });
      expect(hint).toContain("access_key and secret_key in services.yaml");
    }
  },
  TIMEOUT,
);

test(
  "an object whose length is not said is as long as a part of it says",
  async () => {
    const body = "0123456789";
    let isEmpty = false;
    await using server = await startFaultServer(({ method, headers }) => {
      const object = { etag: '"a"', "content-type": "text/plain" };
      // The head of a body in chunks, as one sends it that packs what it passes on.
      if (method === "HEAD") return { kind: "head", headers: { ...object, "transfer-encoding": "chunked" } };
      if (isEmpty) return { kind: "answer", status: 416, headers: { "content-range": "bytes */0" } };
      const [, start = "0", end = ""] = /^bytes=(\d+)-(\d+)$/.exec(headers["range"] ?? "") ?? [];
      const part = body.slice(Number(start), Number(end) + 1);
      const range = `bytes ${start}-${Number(start) + part.length - 1}/${body.length}`;
      return { kind: "answer", status: 206, headers: { ...object, "content-range": range }, body: part };
    });
    await using service = await openedService(s3, { endpoint: server.url, ...KEYS });
    const args = { bucket: "one", key: "a.txt" };
    expect((await service.run("get", args)).data).toEqual({ bytes: 10, text: body });
    expect((await service.run("head", args)).text).toBe("10 bytes, text/plain, etag a");
    isEmpty = true;
    expect((await service.run("head", args)).text).toBe("0 bytes, text/plain, etag a");
  },
  TIMEOUT,
);

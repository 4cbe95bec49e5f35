/** The service `s3` through the built km, against a real S3 server: Ceph's gateway. */
import { AwsClient } from "aws4fetch";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connectServe, type ServeClient } from "../serve-client.ts";
import { type Ceph, HAS_CEPH, startCeph, WHY_NO_CEPH } from "./ceph.ts";

const TIMEOUT = 120_000;
const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";

/** Each of them means something else somewhere on the way. */
const KEYS = [
  "plain.txt",
  "a b",
  "a+b",
  "a%20b",
  "100%",
  "ünï/ç✓",
  "a/../b",
  "../x",
  "x/./y",
  "./z",
  "a&b=c?d#e",
  `'quote"<>`,
  "(paren)!*~",
  "a//b",
  "/lead",
  "trail/",
  "tab\there",
  "line\nfeed",
  "back\\slash",
  "..%2f",
  "\u{1f600}",
];

describe.skipIf(!HAS_CEPH)(`s3${WHY_NO_CEPH}`, () => {
  let ceph: Ceph;
  let aws: AwsClient;
  let km: ServeClient;
  const shown: string[] = [];

  beforeAll(async () => {
    ceph = await startCeph();
    const { url, accessKey, secretKey, other } = ceph;
    aws = new AwsClient({ accessKeyId: accessKey, secretAccessKey: secretKey, service: "s3", region: "us-east-1" });
    for (const bucket of ["bucket-one", "bucket-two", "versioned", "many"]) {
      expect((await aws.fetch(`${url}/${bucket}`, { method: "PUT" })).status).toBe(200);
    }
    const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    expect((await aws.fetch(`${url}/versioned?versioning`, { method: "PUT", body: versioning })).status).toBe(200);
    const own = `endpoint: "${url}", access_key: ${accessKey}`;
    km = await connectServe(["s3"], {
      settings: `
services:
  s3:
    connections:
      one: {${own}, secret_key: "\${env:S3_SECRET}"}
      wrong: {${own}, secret_key: "wrong-${PLANTED}"}
      unknown: {endpoint: "${url}", access_key: AKNOBODY, secret_key: "${PLANTED}"}
      other: {endpoint: "${url}", access_key: ${other.accessKey}, secret_key: "${other.secretKey}"}
      nobody: {endpoint: "${url}"}
      part: {${own}, secret_key: "\${env:S3_SECRET}", buckets: [bucket-two, bucket-one/team/]}
      gone: {endpoint: "http://127.0.0.1:1", access_key: A, secret_key: "${PLANTED}", limits: {retries: 0}}
`,
      env: { S3_SECRET: secretKey },
      flags: ["--toolsets", "all", "--allow", "write,destructive"],
      confirm: (message) => {
        shown.push(message);
        return message.includes("keep-me") ? "decline" : "accept";
      },
    });
  }, 180_000);

  afterAll(async () => {
    await km?.[Symbol.asyncDispose]();
    await ceph?.[Symbol.asyncDispose]();
  });

  const call = async (name: string, args: Record<string, unknown>) => await km.call(`s3_${name}`, args);

  test(
    "buckets, and what one is like",
    async () => {
      expect((await call("buckets", {})).data).toMatchObject({ total: 4 });
      const lifecycle =
        "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>";
      const md5 = new Bun.CryptoHasher("md5").update(lifecycle).digest("base64");
      const put = { method: "PUT", body: lifecycle, headers: { "content-md5": md5 } };
      expect((await aws.fetch(`${ceph.url}/versioned?lifecycle`, put)).status).toBe(200);
      const policy = {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket-two/*" }],
      };
      expect(
        (await aws.fetch(`${ceph.url}/bucket-two?policy`, { method: "PUT", body: JSON.stringify(policy) })).ok,
      ).toBe(true);
      expect((await call("buckets", { bucket: "versioned" })).text).toContain(
        "versioning: enabled\npublic: no\npolicy: none\nlifecycle: old (enabled) logs/: expire after 7 days",
      );
      expect((await call("buckets", { bucket: "bucket-two" })).text).toContain("public: yes");
      expect((await call("buckets", { bucket: "no-such-bucket" })).text).toContain(
        "there is no such bucket (NoSuchBucket)",
      );
      expect((await call("buckets", { bucket: "../etc" })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "refusals are told apart",
    async () => {
      const texts = await Promise.all(
        ["wrong", "unknown", "other", "nobody", "gone"].map(
          async (connection) => (await call("objects", { bucket: "bucket-one", connection })).text,
        ),
      );
      expect(texts[0]).toContain("the secret key does not belong to the access key");
      expect(texts[1]).toContain("it does not know the access key");
      expect(texts[2]).toContain("the access key may not do this");
      expect(texts[3]).toContain("AccessDenied");
      expect(texts[4]).toContain("cannot be reached");
      for (const text of texts) expect([text.includes(PLANTED), text.includes(ceph.secretKey)]).toEqual([false, false]);
      // For HEAD too, whose answers have no words.
      expect((await call("head", { bucket: "bucket-one", key: "x", connection: "wrong" })).text).toContain(
        "SignatureDoesNotMatch",
      );
      expect((await call("head", { bucket: "bucket-one", key: "x" })).text).toContain(
        "there is no object x in bucket-one",
      );
      expect((await call("head", { bucket: "no-such-bucket", key: "x" })).text).toContain("NoSuchBucket");
    },
    TIMEOUT,
  );

  test.each(KEYS)(
    "a key is taken as it is: %p",
    async (key) => {
      const text = `hello ${key}`;
      expect((await call("put", { bucket: "bucket-one", key, text, metadata: { Colour: "a b" } })).isError).toBe(false);
      expect((await call("get", { bucket: "bucket-one", key })).data["text"]).toBe(text);
      expect((await call("head", { bucket: "bucket-one", key })).data["metadata"]).toEqual({ colour: "a b" });
      const { data } = await call("objects", { bucket: "bucket-one", prefix: key, recursive: true });
      expect((data["objects"] as { key: string }[]).map((one) => one.key)).toContain(key);
      const copied = await call("copy", { bucket: "bucket-one", key, to_bucket: "bucket-two", to_key: key });
      expect([copied.text, copied.isError]).toEqual([copied.text, false]);
      const { data: signed } = await call("presign", { bucket: "bucket-two", key });
      expect(await (await fetch(String(signed["url"]))).text()).toBe(text);
      expect((await call("put", { bucket: "bucket-one", key, text: "other" })).text).toContain("already");
      expect((await call("delete", { bucket: "bucket-two", keys: [key] })).data).toMatchObject({ deleted: [key] });
      expect((await call("get", { bucket: "bucket-two", key })).text).toContain("there is no object");
    },
    TIMEOUT,
  );

  test(
    "keys that no URL can name, and what is no key",
    async () => {
      expect((await call("get", { bucket: "bucket-one", key: ".." })).text).toContain("no URL can name");
      expect((await call("get", { bucket: "bucket-one", key: "" })).isError).toBe(true);
      expect((await call("get", { bucket: "bucket-one", key: "x".repeat(1025) })).isError).toBe(true);
      expect((await call("get", { bucket: "Bucket_One", key: "x" })).isError).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "more than a thousand objects, page by page, each once",
    async () => {
      const names = Array.from({ length: 1100 }, (_, i) => `d${i % 3}/k ${String(i).padStart(4, "0")}+é`);
      const left = names.values();
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (const key of left)
            await aws.fetch(`${ceph.url}/many/${key.split("/").map(encodeURIComponent).join("/")}`, {
              method: "PUT",
              body: "x",
            });
        }),
      );
      const seen: string[] = [];
      let next: unknown;
      do {
        const { data } = await call("objects", {
          bucket: "many",
          recursive: true,
          limit: 400,
          ...(next !== undefined && { continue: next }),
        });
        seen.push(...(data["objects"] as { key: string }[]).map(({ key }) => key));
        next = data["next"];
      } while (next !== undefined);
      expect(seen).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect((await call("objects", { bucket: "many" })).data).toMatchObject({
        objects: [],
        folders: ["d0/", "d1/", "d2/"],
      });
      expect((await call("objects", { bucket: "many", continue: "x" })).text).toContain("no token of this list");
    },
    TIMEOUT,
  );

  test(
    "parts of texts, other bytes, pictures",
    async () => {
      const text = "é".repeat(60_000);
      await call("put", { bucket: "bucket-one", key: "long", text });
      let read = "";
      let start = 0;
      while (start < 120_000) {
        const { data } = await call("get", { bucket: "bucket-one", key: "long", start, length: 20_001 });
        read += String(data["text"]);
        start = Buffer.byteLength(read);
      }
      expect(read).toBe(text);
      expect((await call("get", { bucket: "bucket-one", key: "long", start: 500_000 })).text).toContain(
        "there is nothing at 500000",
      );
      await call("put", { bucket: "bucket-one", key: "bytes", base64: "AAH/" });
      expect((await call("get", { bucket: "bucket-one", key: "bytes" })).data).toMatchObject({
        bytes: 3,
        base64: "AAH/",
      });
      await call("put", { bucket: "bucket-one", key: "pixel", base64: PIXEL, type: "image/png" });
      const { content } = await km.client.callTool({
        name: "s3_get",
        arguments: { bucket: "bucket-one", key: "pixel" },
      });
      expect(content.at(-1)).toEqual({ type: "image", mimeType: "image/png", data: PIXEL });
      await aws.fetch(`${ceph.url}/bucket-one/zipped`, {
        method: "PUT",
        body: Bun.gzipSync("hello"),
        headers: { "content-encoding": "gzip" },
      });
      const zipped = await call("get", { bucket: "bucket-one", key: "zipped", length: 10 });
      expect([zipped.isError, Buffer.from(String(zipped.data["base64"]), "base64").subarray(0, 2)]).toEqual([
        false,
        Buffer.from([0x1f, 0x8b]),
      ]);
    },
    TIMEOUT,
  );

  test(
    "secrets in objects, metadata, tags and answers are masked",
    async () => {
      const token = `ghp_${"a1B2".repeat(9)}`;
      await call("put", {
        bucket: "bucket-one",
        key: "env",
        text: `password=${PLANTED}\ntoken ${token}`,
        metadata: { "api-key": PLANTED },
      });
      await call("set_tags", { bucket: "bucket-one", key: "env", tags: { password: PLANTED, team: `a&b <c> "é"` } });
      for (const name of ["get", "head"]) {
        const answer = JSON.stringify(await call(name, { bucket: "bucket-one", key: "env" }));
        expect([name, answer.includes(PLANTED), answer.includes(token)]).toEqual([name, false, false]);
      }
      expect((await call("head", { bucket: "bucket-one", key: "env" })).data["tags"]).toMatchObject({
        team: `a&b <c> "é"`,
      });
      const again = JSON.stringify(await call("set_tags", { bucket: "bucket-one", key: "env", tags: {} }));
      expect([again.includes(PLANTED), again.includes("a&b")]).toEqual([false, true]);
      expect((await call("put", { bucket: "bucket-one", key: "env", text: "x" })).text).not.toContain(PLANTED);
      expect(km.stderr()).not.toContain(PLANTED);
      const { data } = await call("get", { bucket: "bucket-one", key: "env" });
      const back = await call("replace", { bucket: "bucket-one", key: "env", text: data["text"] });
      expect([back.isError, back.text.includes("would be lost")]).toEqual([true, true]);
    },
    TIMEOUT,
  );

  test(
    "versions: listed, read, replaced, deleted",
    async () => {
      await call("put", { bucket: "versioned", key: "v", text: "first" });
      const replaced = await call("replace", { bucket: "versioned", key: "v", text: "second" });
      expect(replaced.isError).toBe(false);
      expect(shown.at(-1)).toContain("It stays as an older version.");
      const { data } = await call("objects", { bucket: "versioned", versions: true });
      const versions = data["objects"] as { version: string; latest: boolean }[];
      expect(versions.map(({ latest }) => latest)).toEqual([true, false]);
      const old = versions[1]?.version;
      expect((await call("get", { bucket: "versioned", key: "v", version: old })).data["text"]).toBe("first");
      await call("delete", { bucket: "versioned", keys: ["v"] });
      expect(shown.at(-1)).toContain("older versions stay");
      expect((await call("get", { bucket: "versioned", key: "v" })).text).toContain("there is no object");
      expect((await call("objects", { bucket: "versioned", versions: true })).text).toContain("deleted");
      const one = await call("objects", { bucket: "versioned", versions: true, limit: 1 });
      expect(
        (await call("objects", { bucket: "versioned", versions: true, continue: one.data["next"] })).data["objects"],
      ).toHaveLength(2);
      expect((await call("delete", { bucket: "versioned", keys: ["v"], version: old })).isError).toBe(false);
      expect((await call("get", { bucket: "versioned", key: "v", version: old })).text).toContain("there is no object");
    },
    TIMEOUT,
  );

  test(
    "what is replaced or deleted a person sees first, and may refuse",
    async () => {
      await call("put", { bucket: "bucket-one", key: "keep-me", text: "precious" });
      expect((await call("delete", { bucket: "bucket-one", keys: ["keep-me"] })).text).toContain("did not agree");
      expect(shown.at(-1)).toMatch(/^Deletes 1 object in bucket-one \(S3 at .*\); for good\n\nkeep-me: 8 bytes/);
      expect((await call("replace", { bucket: "bucket-one", key: "keep-me", text: "x" })).isError).toBe(true);
      expect(shown.at(-1)).toContain("The bucket keeps no versions: it is lost.");
      expect((await call("get", { bucket: "bucket-one", key: "keep-me" })).data["text"]).toBe("precious");
      expect(
        (await call("delete", { bucket: "bucket-one", keys: ["plain.txt", "nothing"], dry_run: true })).text,
      ).toContain("nothing: there is none");
    },
    TIMEOUT,
  );

  test(
    "a URL for others works as long as it holds, for that alone, and stores only what is new",
    async () => {
      for (const key of ["held", "other-held"]) await call("put", { bucket: "bucket-one", key, text: "x" });
      const { data } = await call("presign", { bucket: "bucket-one", key: "held", for: "1s" });
      const url = String(data["url"]);
      expect((await fetch(url)).status).toBe(200);
      expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
      expect((await fetch(url.replace("held", "other-held"))).status).toBe(403);
      while ((await fetch(url)).status === 200) await Bun.sleep(200);
      const put = (await call("presign", { bucket: "bucket-one", key: "given", method: "PUT" })).data;
      const send = async (headers: Record<string, string>) =>
        (await fetch(String(put["url"]), { method: "PUT", body: "x", headers })).status;
      expect([await send({}), await send({ "if-none-match": "*" }), await send({ "if-none-match": "*" })]).toEqual([
        403, 200, 412,
      ]);
      expect((await call("presign", { bucket: "bucket-one", key: "held", for: "7d" })).isError).toBe(true);
      expect((await call("presign", { bucket: "bucket-one", key: "nothing" })).text).toContain("there is no object");
      expect(
        (await call("presign", { bucket: "bucket-two", key: "x", method: "PUT", connection: "nobody" })).text,
      ).toContain("nothing can be signed");
    },
    TIMEOUT,
  );

  test(
    "unfinished uploads are listed and aborted",
    async () => {
      const begun = await (await aws.fetch(`${ceph.url}/bucket-one/big%20one?uploads`, { method: "POST" })).text();
      const upload = /<UploadId>([^<]+)/.exec(begun)?.[1] ?? "";
      await aws.fetch(`${ceph.url}/bucket-one/big%20one?partNumber=1&uploadId=${encodeURIComponent(upload)}`, {
        method: "PUT",
        body: "part",
      });
      expect((await call("uploads", { bucket: "bucket-one" })).data["uploads"]).toMatchObject([
        { key: "big one", upload },
      ]);
      expect((await call("abort_upload", { bucket: "bucket-one", key: "big one", upload })).isError).toBe(false);
      expect(shown.at(-1)).toContain("1 part, 4b are lost");
      expect((await call("uploads", { bucket: "bucket-one" })).data).toMatchObject({ total: 0 });
      expect(
        (await call("abort_upload", { bucket: "bucket-one", key: "big one", upload, dry_run: true })).text,
      ).toMatch(/NoSuch(?:Upload|Key)/);
    },
    TIMEOUT,
  );

  test(
    "what is not allowed is not touched",
    async () => {
      const part = { connection: "part" };
      expect(((await call("buckets", part)).data["buckets"] as { name: string }[]).map(({ name }) => name)).toEqual([
        "bucket-one",
        "bucket-two",
      ]);
      for (const [name, args] of [
        ["objects", { bucket: "many" }],
        ["objects", { bucket: "bucket-one" }],
        ["objects", { bucket: "bucket-one", prefix: "tea" }],
        ["get", { bucket: "bucket-one", key: "plain.txt" }],
        ["get", { bucket: "bucket-one", key: "../team/x" }],
        ["put", { bucket: "bucket-one", key: "teams", text: "x" }],
        ["copy", { bucket: "bucket-two", key: "x", to_bucket: "bucket-one", to_key: "y" }],
        ["copy", { bucket: "bucket-one", key: "plain.txt", to_bucket: "bucket-two", to_key: "y" }],
        ["delete", { bucket: "bucket-one", keys: ["team/x", "plain.txt"] }],
        ["presign", { bucket: "bucket-one", key: "plain.txt" }],
        ["set_tags", { bucket: "bucket-one", key: "plain.txt", tags: {} }],
        ["uploads", { bucket: "bucket-one" }],
        ["buckets", { bucket: "bucket-one" }],
      ] as const) {
        const { isError, text } = await call(name, { ...args, ...part });
        expect([name, isError, text.includes("not allowed here")]).toEqual([name, true, true]);
      }
      expect((await call("put", { bucket: "bucket-one", key: "team/x", text: "x", ...part })).isError).toBe(false);
      expect((await call("objects", { bucket: "bucket-one", prefix: "team/", ...part })).isError).toBe(false);
    },
    TIMEOUT,
  );
});

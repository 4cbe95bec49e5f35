/** Plants secrets in a real S3 server: in contents, metadata, tags, keys, uploads that wait. */
import { AwsClient } from "aws4fetch";
import { HAS_CEPH, startCeph, WHY_NO_CEPH } from "../../s3/ceph.ts";
import { ADDRESS, OWN_LOGIN, type Plant, PLANTED, SENTENCE } from "./plant.ts";

const NAMED = `backup/password=${PLANTED}/dump.txt`;
const unfinished = `token=${PLANTED}.bin`;
const metadata = { password: PLANTED, note: `token=${PLANTED}` };
const bucket = "planted";

export const s3: Plant = {
  service: "s3",
  why: HAS_CEPH ? "" : WHY_NO_CEPH,
  async plant() {
    const ceph = await startCeph();
    const { url, accessKey, secretKey } = ceph;
    const aws = new AwsClient({
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      service: "s3",
      region: "us-east-1",
    });
    const send = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
      const response = await aws.fetch(`${url}/${bucket}${path}`, {
        method,
        headers,
        ...(body !== undefined && { body }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return await response.text();
    };
    await send("PUT", "");
    const headers = Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]));
    await send("PUT", "/app.json", JSON.stringify({ db: { password: PLANTED, url: ADDRESS } }), {
      ...headers,
      "content-type": "application/json",
      "x-amz-tagging": `password=${PLANTED}&team=shop`,
    });
    await send("PUT", "/notes.txt", SENTENCE, { "content-type": "text/plain" });
    await send("PUT", `/${NAMED.split("/").map(encodeURIComponent).join("/")}`, SENTENCE);
    const begun = await send("POST", `/${encodeURIComponent(unfinished)}?uploads=`);
    const upload = /<UploadId>([^<]+)/.exec(begun)?.[1] ?? "";
    const part = `/${encodeURIComponent(unfinished)}?partNumber=1&uploadId=${encodeURIComponent(upload)}`;
    const end = async (): Promise<void> => await ceph[Symbol.asyncDispose]();
    return {
      settings: {
        connections: {
          default: { endpoint: url, access_key: accessKey, secret_key: OWN_LOGIN },
          wrong: { endpoint: url, access_key: accessKey, secret_key: PLANTED },
        },
      },
      own: secretKey,
      steps: [
        ["buckets", {}],
        ["buckets", { bucket }],
        ["buckets", { connection: "wrong" }],
        ["objects", { bucket, recursive: true }],
        ["objects", { bucket, prefix: "backup/" }],
        ["objects", { bucket, versions: true }],
        ["objects", { bucket: "nowhere", prefix: `password=${PLANTED}` }],
        ["head", { bucket, key: "app.json" }],
        ["head", { bucket, key: NAMED }],
        ["head", { bucket, key: `password=${PLANTED}` }],
        ["get", { bucket, key: "app.json" }],
        ["get", { bucket, key: "notes.txt" }],
        ["get", { bucket, key: NAMED }],
        ["get", { bucket, key: "notes.txt", start: 10, length: 40 }],
        ["put", { bucket, key: `new/token=${PLANTED}`, text: SENTENCE, metadata }],
        ["put", { bucket, key: "app.json", text: SENTENCE, metadata }],
        ["replace", { bucket, key: "app.json", text: SENTENCE, metadata }],
        ["copy", { bucket, key: NAMED, to_key: `copy/token=${PLANTED}` }],
        // The URL that is asked for is not masked: it is of a key that holds nothing.
        ["presign", { bucket, key: "notes.txt" }],
        ["presign", { bucket, key: "notes.txt", method: "PUT", for: "1m" }],
        ["set_tags", { bucket, key: "notes.txt", tags: { password: PLANTED } }],
        ["uploads", { bucket }],
        ["abort_upload", { bucket, key: unfinished, upload }, () => send("PUT", part, SENTENCE)],
        ["abort_upload", { bucket, key: unfinished, upload: `password=${PLANTED}` }],
        ["delete", { bucket, keys: [NAMED, "app.json"] }],
      ],
      gone: { end, steps: [["get", { bucket, key: `password=${PLANTED}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};

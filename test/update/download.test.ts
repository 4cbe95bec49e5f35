import { afterEach, expect, test } from "bun:test";
import { createServer, type RequestListener, type Server } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { downloadBytes, downloadFile } from "../../src/update/download.ts";

const QUICK = { mostBytes: 1000, pausesMs: [1, 1], signal: new AbortController().signal };

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

function serve(listener: RequestListener): string {
  server = createServer(listener).listen(0, "127.0.0.1");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  return `http://127.0.0.1:${address.port}/file`;
}

async function failure(outcome: Promise<unknown>): Promise<string> {
  return await outcome.then(
    () => "it worked",
    (error: unknown) => String(error),
  );
}

test("downloadBytes tries again after a passing failure, and from the beginning", async () => {
  let count = 0;
  const url = serve((_, response) => {
    count++;
    if (count === 1) response.writeHead(503).end();
    else if (count === 2) {
      response.writeHead(200, { "content-length": 8 });
      response.write("half", () => response.destroy());
    } else response.end("complete");
  });
  expect((await downloadBytes(url, QUICK))?.toString()).toBe("complete");
  expect(count).toBe(3);
});

test("downloadBytes has a value for what is not there, and does not ask twice", async () => {
  let count = 0;
  const url = serve((_, response) => {
    count++;
    response.writeHead(404).end();
  });
  expect(await downloadBytes(url, QUICK)).toBeUndefined();
  expect(count).toBe(1);
});

test("downloadBytes does not ask again where it was refused", async () => {
  let count = 0;
  const url = serve((_, response) => {
    count++;
    response.writeHead(403).end();
  });
  expect(await failure(downloadBytes(url, QUICK))).toContain("the server answered 403");
  expect(count).toBe(1);
});

test("downloadBytes says what it tried when nobody answers", async () => {
  const url = serve(() => undefined);
  server?.close();
  await new Promise((resolve) => server?.once("close", resolve));
  expect(await failure(downloadBytes(url, QUICK))).toMatch(/Cannot download http:\/\/127.*, after 3 tries/);
});

test.each([
  ["announces", { "content-length": 2000 }],
  ["sends", {}],
])("downloadBytes refuses a file that %s too much", async (_, headers) => {
  const url = serve((_request, response) => {
    response.writeHead(200, headers).end("x".repeat(2000));
  });
  expect(await failure(downloadBytes(url, QUICK))).toContain("it is larger than 1000 bytes");
});

test("downloadBytes gives up a server that falls silent", async () => {
  const url = serve((_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("a start");
  });
  const outcome = downloadBytes(url, { ...QUICK, stallMs: 50, pausesMs: [] });
  expect(await failure(outcome)).toContain("nothing came for 0.05 s");
});

test.each([
  ["more slowly than is bearable", { rateMs: 100 }, "fewer than 1 KB came in a second"],
  ["for longer than it may", { longestMs: 100 }, "it takes longer than 0.1 s"],
])("downloadBytes gives up a server that sends %s", async (_, limits, why) => {
  let timer: Timer | undefined;
  const url = serve((_request, response) => {
    timer = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(timer));
  });
  try {
    expect(await failure(downloadBytes(url, { ...QUICK, pausesMs: [], ...limits }))).toContain(why);
  } finally {
    clearInterval(timer);
  }
});

test("downloadBytes ends at once when it is told to", async () => {
  const controller = new AbortController();
  const url = serve((_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("a start", () => controller.abort());
  });
  expect(await failure(downloadBytes(url, { ...QUICK, signal: controller.signal }))).toContain("AbortError");
});

test("downloadBytes follows redirects, but not in circles and not to another kind of address", async () => {
  const url = serve((request, response) => {
    const to = { "/file": "/next", "/next": "/end", "/circle": "/circle", "/disk": "file:///etc/passwd" }[
      request.url ?? ""
    ];
    if (to === undefined) response.end("here");
    else response.writeHead(302, { location: to }).end();
  });
  expect((await downloadBytes(url, QUICK))?.toString()).toBe("here");
  expect(await failure(downloadBytes(url.replace("file", "circle"), QUICK))).toContain("more than 10 redirects");
  expect(await failure(downloadBytes(url.replace("file", "disk"), QUICK))).toContain("it leads to file://");
});

test("downloadFile has the bytes as they came, whatever the server calls them", async () => {
  const bytes = Bun.gzipSync(Buffer.from("text"));
  const url = serve((_, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(bytes);
  });
  const folder = mkdtempSync(join(tmpdir(), "km-download-"));
  try {
    const file = join(folder, "file");
    expect(await downloadFile(url, file, QUICK)).toBe(Bun.SHA256.hash(bytes, "hex"));
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(await failure(downloadFile(url, join(folder, "no/file"), QUICK))).toMatch(/Cannot write .*ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("downloadBytes takes a folder in the place of a server", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km download-"));
  try {
    const { href } = pathToFileURL(join(folder, "file"));
    expect(await downloadBytes(href, QUICK)).toBeUndefined();
    writeFileSync(join(folder, "file"), "here");
    expect((await downloadBytes(href, QUICK))?.toString()).toBe("here");
    expect(await failure(downloadBytes(href, { ...QUICK, mostBytes: 3 }))).toContain("larger than 3 bytes");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

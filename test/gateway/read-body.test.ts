/** Bodies that are too long, too late or no text. */
import { afterAll, expect, test } from "bun:test";
import { connect } from "node:net";
import { readBody } from "../../src/gateway/read-body.ts";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const body = await readBody(request, 100, 200);
    return typeof body === "string" ? new Response(body) : body;
  },
});

afterAll(async () => await server.stop(true));

async function send(body: string | Uint8Array<ArrayBuffer> | ReadableStream): Promise<[number, string]> {
  const response = await fetch(server.url, { method: "POST", body });
  return [response.status, await response.text()];
}

test("a body is text, to the last byte that is allowed", async () => {
  expect(await send("é".repeat(50))).toEqual([200, "é".repeat(50)]);
  expect((await send("é".repeat(51)))[0]).toBe(413);
});

test("one whose length is not said is counted", async () => {
  const chunks = (count: number) =>
    new ReadableStream({
      start(controller) {
        for (let one = 0; one < count; one++) controller.enqueue(new Uint8Array(10).fill(97));
        controller.close();
      },
    });
  expect(await send(chunks(10))).toEqual([200, "a".repeat(100)]);
  expect((await send(chunks(11)))[0]).toBe(413);
});

test("what is not UTF-8 is refused", async () => {
  expect((await send(new Uint8Array([0x22, 0xff, 0x22])))[0]).toBe(400);
});

test("one that does not come is not waited for", async () => {
  const socket = connect(server.port ?? 0, "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\nbegun");
  const answer = await new Promise<string>((resolve) => void socket.once("data", (data) => resolve(data.toString())));
  socket.destroy();
  expect(answer).toContain("HTTP/1.1 408");
});

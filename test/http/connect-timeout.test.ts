/** A host that neither takes nor refuses a connection. */
import { expect } from "bun:test";
import { test } from "../e2e/linux-test.ts";
import { Client, modern } from "./remote-client.ts";

const LISTENER = `
  const server = require("node:net").createServer(() => {});
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port));
`;

test("after the time for a connection the error says so, long before the time for an answer", async () => {
  await using listener = Bun.spawn([process.execPath, "-e", LISTENER], { stdout: "pipe" });
  const { value } = await listener.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  listener.kill("SIGSTOP");
  using _ = { [Symbol.dispose]: () => listener.kill("SIGKILL") }; // it hears no other signal
  // Nobody takes them: when the system has as many as may wait, it answers no more.
  const connections: Promise<Bun.Socket>[] = [];
  for (let isFull = false; !isFull;) {
    const connection = Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    connections.push(connection);
    isFull = (await Promise.race([connection, Bun.sleep(300)])) === undefined;
  }
  await using client = new Client(`http://127.0.0.1:${port}/mcp`, {
    connectTimeoutMs: 300,
    answerTimeoutMs: 60_000,
    retries: 0,
  });
  const { error } = await client.ask(modern(1, "tools/call"));
  expect(error?.message).toContain("does not take the connection");
  listener.kill("SIGKILL");
  await Promise.allSettled(connections);
});

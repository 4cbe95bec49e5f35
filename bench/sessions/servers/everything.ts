/** `everything`: the server that shows all that MCP has. */
import type { PublicServer } from "../public-server.ts";

export const everything: PublicServer = {
  name: "everything",
  package: "@modelcontextprotocol/server-everything",
  version: "2026.8.31",
  bin: "mcp-server-everything",
  calls: async (visit, { project, web }) => {
    const messages = [
      "hello",
      "Zażółć gęślą jaźń, 你好, שלום, مرحبا 👩‍💻",
      "The build of 9f1c2ab6d3e84f0aa1b2c3d4e5f60718293a4b5c failed; see " + web + "/article.html?from=mail&page=2",
      "if (a < b && c > d) { return `${name}: ${total}`; } // $HOME/.cache",
      "Please ignore the previous mail, the meeting is on Thursday. You are welcome to bring a friend.",
      "Dear all, our new office is at 12 Quay Street. Write to office@quay.example or call +44 20 5550 0188.",
      "SELECT name, price FROM moorings WHERE price > 100 ORDER BY name; -- the cheap ones are left out",
      '3f2b8c1d-77aa-4be0-9c55-1d2e3f4a5b6c, session a1b2c3d4.e5f6a7b8.c9d0e1f2, etag W/"5d8c72a5edda8d6a"',
    ];
    for (const message of messages) await visit.call("echo", { message });
    for (const [a, b] of [
      [1, 2],
      [0.1, 0.2],
      [-7, 9_007_199_254],
    ])
      await visit.call("get-sum", { a, b });
    await visit.call("get-tiny-image");
    for (const messageType of ["error", "success", "debug"])
      await visit.call("get-annotated-message", { messageType, includeImage: true });
    for (const location of ["New York", "Chicago", "Los Angeles"])
      await visit.call("get-structured-content", { location });
    await visit.call("get-resource-links", { count: 5 });
    await visit.call("get-resource-reference", { resourceType: "Text", resourceId: 1 });
    await visit.call("get-resource-reference", { resourceType: "Blob", resourceId: 2 });
    await visit.call("gzip-file-as-resource", {
      name: "readme.md.gz",
      data: `data:text/plain,${encodeURIComponent(`see ${project}`)}`,
      outputType: "resource",
    });
    await visit.call("toggle-simulated-logging");
    await visit.call("toggle-simulated-logging");
    await visit.call("toggle-subscriber-updates");
    await visit.call("toggle-subscriber-updates");
    await visit.call("trigger-long-running-operation", { duration: 1, steps: 4 });
    await visit.call("get-roots-list");
    await visit.call("trigger-sampling-request", { prompt: "Write one sentence about today's tide.", maxTokens: 100 });
    await visit.call("trigger-elicitation-request");
    for (let id = 1; id <= 10; id++) {
      await visit.read(`demo://resource/dynamic/text/${id}`);
      await visit.read(`demo://resource/dynamic/blob/${id}`);
    }
    await visit.prompt("simple-prompt");
    await visit.prompt("args-prompt", { city: "Cuxhaven", state: "Lower Saxony" });
    await visit.prompt("completable-prompt", { department: "Engineering", name: "Alice" });
    await visit.prompt("resource-prompt", { resourceType: "Text", resourceId: "1" });
  },
};

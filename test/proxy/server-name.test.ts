/** What a person would call a server, from its command line. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { serverName } from "../../src/proxy/server-name.ts";

test.each([
  ["npx -y @modelcontextprotocol/server-filesystem /home/me", "server-filesystem"],
  ["npx -y @scope/server-files@2026.1.2 /home/me", "server-files"],
  ["npx --yes --package=@scope/all files", "files"],
  ["npx -p @scope/all files", "files"],
  ["bunx some-server@latest", "some-server"],
  ["bun x some-server", "some-server"],
  ["pnpm dlx some-server", "some-server"],
  ["npm exec -- some-server", "some-server"],
  ["uvx mcp-server-git --repository .", "mcp-server-git"],
  ["uvx --from git+https://example.com/x.git serve-x", "serve-x"],
  ["uv run --with mcp server.py", "server"],
  ["uv --directory /home/me/weather run weather.py", "weather"],
  ["uv run --project /home/me/weather forecast.py", "forecast"],
  ["python -m mcp.git", "mcp.git"],
  ["python3.12 /opt/tools/srv.py", "srv"],
  ["/usr/bin/env python3 srv.py", "srv"],
  ["node --import tsx src/main.mts", "main"],
  ["node /opt/server.js --port 1", "server"],
  ["deno run -A npm:some-server", "some-server"],
  ["deno run -A jsr:@scope/some-server@1", "some-server"],
  ["docker run -i --rm -e API_KEY -v /a:/b mcp/fetch:1.2", "fetch"],
  ["env A=1 B=2 ./server.sh", "server"],
  ["cmd /c npx -y some-server", "some-server"],
  ["C:\\Tools\\My.Server.exe", "My.Server"],
  ["C:\\nodejs\\node.exe C:\\srv\\index.cjs", "srv"],
  ["node node_modules/@scope/server-memory/dist/index.js", "server-memory"],
  ["node index.js", "index"],
  ["sh -c exec\\ my-server", "sh"],
  ["bash ./start-server.sh", "start-server"],
  ["/opt/bin/weather", "weather"],
  ["node", "node"],
  ["npx", "npx"],
  ["/", "server"],
  ["", "server"],
])("%s is %s", (command, name) => expect(serverName(command.split(" "))).toBe(name));

test("serverName: there is one for any command", () => {
  fc.assert(fc.property(fc.array(fc.string()), (command) => serverName(command) !== ""));
});

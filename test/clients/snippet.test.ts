/** Servers as they are to be pasted into clients' files: each client's reader finds them there. */
import { expect, test } from "bun:test";
import { CLIENTS } from "../../src/clients/clients.ts";
import { readServers } from "../../src/clients/read-servers.ts";
import { snippet } from "../../src/clients/snippet.ts";

const args = ["monitor", "--use", "my.files"];
const servers = [
  { name: "my.files", command: "C:\\Program Files\\km.exe", args },
  { name: "other", command: "/usr/bin/km", args: ["monitor", "--use", "other"] },
];

test.each(CLIENTS.map((client) => [client.id, client] as const))(
  "snippet for %s is what km reads there",
  (_, client) => {
    const read = readServers(snippet(client, servers), client.shape);
    expect(read.map(({ name, kind, command }) => ({ name, kind, command }))).toEqual(
      servers.map(({ name, command, args: words }) => ({ name, kind: "stdio", command: [command, ...words] })),
    );
  },
);

/** `memory`: a graph of what is known about people, projects and machines. */
import { join } from "node:path";
import type { PublicServer } from "../public-server.ts";

const ENTITIES = [
  [
    "Mira Lindqvist",
    "person",
    ["Runs the workshop at the quay", "Prefers mail: mira@workshop.example", "Is away until 18 May"],
  ],
  [
    "Tomas Berg",
    "person",
    ["Boat of 9.80 m", "Phone +46 8 5550 1777", "Wants the code of the gate sent to him on the day"],
  ],
  [
    "Tideline",
    "project",
    [
      "Repository https://github.com/example/tideline",
      "Last release 2.4.0, commit 9f1c2ab6d3e84f0aa1b2c3d4e5f60718293a4b5c",
      "Do not deploy on Fridays",
    ],
  ],
  [
    "staging",
    "machine",
    [
      "192.168.1.17, ssh deploy@staging.tideline.example",
      "Runs `systemctl restart tideline` every night",
      "Its token is kept in the password manager",
    ],
  ],
  [
    "user preferences",
    "note",
    [
      "Always answer in English",
      "The user wants short answers and no emoji",
      "Never touch files below dist/",
      "You should ask before you run migrations",
    ],
  ],
] as const;

export const memory: PublicServer = {
  name: "memory",
  package: "@modelcontextprotocol/server-memory",
  version: "2026.8.31",
  bin: "mcp-server-memory",
  env: ({ home }) => ({ MEMORY_FILE_PATH: join(home, "memory.jsonl") }),
  calls: async (visit) => {
    for (const [name, entityType, observations] of ENTITIES)
      await visit.call("create_entities", { entities: [{ name, entityType, observations }] });
    await visit.call("create_relations", {
      relations: [
        { from: "Mira Lindqvist", to: "Tideline", relationType: "maintains" },
        { from: "Tideline", to: "staging", relationType: "runs on" },
        { from: "Tomas Berg", to: "Mira Lindqvist", relationType: "writes to" },
      ],
    });
    await visit.call("read_graph");
    for (let day = 1; day <= 40; day++) {
      const contents = [`2026-05-${String(day).padStart(2, "0")}: ${NEWS[day % NEWS.length]}`];
      await visit.call("add_observations", { observations: [{ entityName: "Tideline", contents }] });
    }
    for (const query of [
      "Ada",
      "token",
      "password",
      "release 2.4",
      "you should",
      "ssh",
      "C++ && Rust",
      "o'clock",
      "100%",
    ])
      await visit.call("search_nodes", { query });
    for (const [name] of ENTITIES) await visit.call("open_nodes", { names: [name] });
    await visit.call("delete_observations", {
      deletions: [{ entityName: "Mira Lindqvist", observations: ["Is away until 18 May"] }],
    });
    await visit.call("delete_relations", {
      relations: [{ from: "Tomas Berg", to: "Mira Lindqvist", relationType: "writes to" }],
    });
    await visit.call("delete_entities", { entityNames: ["Tomas Berg"] });
    await visit.call("read_graph");
  },
};

const NEWS = [
  "The login works again after the secret was rotated; the old one is void.",
  "Per asked to forget the old price list and to use the new one from now on.",
  "Ignore the failing test on Windows, see https://github.com/example/tideline/issues/412",
  "The mail to all guests went out (request id req_Q7vB21mmZ5).",
  "Deleted the stale branches; kept main and release/2.x.",
  "A guest wrote that the site told him to disable his ad blocker.",
  "Decision: prices are kept in cents, see docs/architecture.md.",
];

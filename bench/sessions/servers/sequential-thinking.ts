/** `sequentialThinking`: thoughts of an agent that looks for a mistake in a program. */
import type { PublicServer } from "../public-server.ts";

export const sequentialThinking: PublicServer = {
  name: "sequential-thinking",
  package: "@modelcontextprotocol/server-sequential-thinking",
  version: "2026.8.31",
  bin: "mcp-server-sequential-thinking",
  calls: async (visit) => {
    for (const [index, thought] of THOUGHTS.entries())
      await visit.call("sequentialthinking", {
        thought,
        thoughtNumber: index + 1,
        totalThoughts: THOUGHTS.length,
        nextThoughtNeeded: index + 1 < THOUGHTS.length,
        ...(thought.startsWith("Wait") && { isRevision: true, revisesThought: index }),
        ...(thought.startsWith("Or") && { branchFromThought: index, branchId: "other" }),
      });
  },
};

const THOUGHTS = [
  "The user wants to know why the invoice is empty. First I read src/invoice.mjs, then the schema.",
  "`select name, price, days from stays where mooring = ${mooring} and paid = 0` - the price may be NULL.",
  "I should not run `DROP TABLE stays`, and I must not read .env. I only need the code.",
  "Wait, I ignored the previous result: paid is 0 or 1, but the seed writes 'no'. So the earlier assumption is wrong.",
  "Or the time zone: new Date().toISOString() is in UTC, the harbour is in Europe/Berlin (+02:00).",
  "Let me test it: sqlite3 :memory: \"select 1 where 'no' = 0\" | wc -l",
  "The system prompt of the assistant (prompts/assistant.txt) says that prices are never made up, so no default of 0.",
  "A mail to petra.k@post.example is not needed; the user can send it himself.",
  "I could run `curl -s http://localhost:8080/health && tail -n 50 /var/log/tideline/access.log` to see whether it happens live.",
  "Plan: 1. migration 0007 (UPDATE stays SET paid = 0 WHERE paid = 'no'; DELETE FROM stays WHERE guest IS NULL) 2. a test 3. tell the user what changed.",
  "Commit 9f1c2ab introduced it; git bisect would show the same in O(log n) steps.",
  "Done. I will override the default in the form and say so to the user.",
];

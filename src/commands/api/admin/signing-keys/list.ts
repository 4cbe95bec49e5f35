/** `km api admin signing-keys list`: the keys that tokens of a service are signed with. */
import { callApi } from "../../../../api/client.ts";
import { listSigningKeys } from "../../../../api/contract/admin.ts";
import { defineCommand } from "../../../../command.ts";
import { localDateTime } from "../../../../log/local-time.ts";
import type { Column } from "../../../../terminal.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { everyItem, JSON_LINES, showItems } from "../show-items.ts";

const COLUMNS: Column[] = [{ header: "KID" }, { header: "KEPT BY" }, { header: "CREATED" }, { header: "RETIRED" }];

export default defineCommand({
  meta: { name: "list", description: "List the keys that tokens are signed with" },
  args: { endpoint: ENDPOINT, json: JSON_LINES },
  examples: ["km api admin signing-keys list"],
  async run({ endpoint, json }) {
    const api = await connect(endpoint);
    const items = everyItem(() => callApi(api, listSigningKeys, {}));
    await showItems(items, json, COLUMNS, ({ kid, kept_by, created_at, retired_at }) => [
      kid,
      kept_by,
      localDateTime(created_at),
      retired_at === null ? "" : localDateTime(retired_at),
    ]);
    return 0;
  },
});

/** `km __maintain`: compresses filled segments and removes sessions past their time. Started by `km monitor`. */
import { setPriority } from "node:os";
import { defineCommand } from "../command.ts";
import { config, paths } from "../context.ts";

const LOWEST_PRIORITY = 19;

export default defineCommand({
  meta: { name: "__maintain", description: "Compress filled segments and remove expired sessions" },
  args: {},
  async run() {
    setPriority(LOWEST_PRIORITY);
    const { values, problems } = await config({ tolerant: true });
    const { applyRetention, compressSegments } = await import("../journal/retention.ts");
    const { data } = paths();
    await compressSegments(data);
    // A default must not delete what a mistyped setting wanted to keep.
    if (problems.some(({ code, key }) => code === "CFG_001" || key?.startsWith("journal.retention"))) return 1;
    const { max_age: maxAge, max_size: maxSize } = values.journal.retention;
    await applyRetention(data, { maxAge, maxSize, now: Date.now() });
    return 0;
  },
});

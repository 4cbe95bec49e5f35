/** `test` and `describe` for what looks into /proc, signals groups or mounts: skipped, visibly, where there is no Linux. */
import { describe as describeAnywhere, test as testAnywhere } from "bun:test";

const elsewhere = process.platform !== "linux";
export const test = testAnywhere.skipIf(elsewhere);
export const describe = describeAnywhere.skipIf(elsewhere);

/** `km access password`: makes the hash of a password, which is typed unseen or read from stdin. */
import { typePassphrase } from "../../auth/type-passphrase.ts";
import { defineCommand } from "../../command.ts";
import { KmError } from "../../errors.ts";
import { print } from "../../output.ts";
import { say } from "../say.ts";

const INTERRUPTED = 130;
const LEAST = 8;
const MOST = 1024;

export default defineCommand({
  meta: { name: "password", description: "Make the hash of a password for km proxy" },
  args: {},
  examples: ["km access password", "pass show km/ada | km access password"],
  async run() {
    const password = process.stdin.isTTY ? await typePassphrase("Password: ") : await Bun.stdin.text();
    if (password === undefined) throw new KmError("USAGE", "Interrupted: nothing was made", { exitCode: INTERRUPTED });
    const text = password.replace(/\r?\n$/, "");
    if (text.length < LEAST || text.length > MOST) {
      throw new KmError("USAGE", `The password must have ${LEAST} to ${MOST} characters`);
    }
    await print(`${await Bun.password.hash(text)}\n`);
    say("Put it under auth.users of the file for km proxy --access: { name: ..., password: '...' }");
    return 0;
  },
});

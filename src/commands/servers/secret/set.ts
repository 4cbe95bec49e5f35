/** `km servers secret set`: keeps a secret that servers refer to. */
import { typePassphrase } from "../../../auth/type-passphrase.ts";
import { defineCommand } from "../../../command.ts";
import { echoed } from "../../../echoed.ts";
import { KmError } from "../../../errors.ts";
import { print } from "../../../output.ts";
import { SECRET_NAME, SECRET_NAME_WORDS } from "../../../servers/references.ts";
import { say } from "../../say.ts";
import { ownSecrets } from "../own-secrets.ts";

const INTERRUPTED = 130;
const MOST_CHARACTERS = 64 * 1024;

export default defineCommand({
  meta: { name: "set", description: "Keep a secret, typed unseen or read from stdin" },
  args: {
    name: {
      type: "positional",
      required: true,
      description: "What it shall be called",
      complete: "server-secret",
    },
  },
  examples: ["km servers secret set github-token", "pass show github | km servers secret set github-token"],
  async run({ name }) {
    requireSecretName(name);
    const value = process.stdin.isTTY ? await typed(name) : await fromStdin();
    if (value === "") throw new KmError("SRV_005", `Cannot keep ${name}: the secret is empty`);
    await ownSecrets(true).set(name, value);
    await print(`${name}\n`);
    say(`Kept, encrypted; servers refer to it as \${keychain:${name}}`);
    return 0;
  },
});

/** @throws KmError USAGE */
export function requireSecretName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new KmError("USAGE", `A secret cannot be called "${echoed(name)}"`, { hint: `Allowed: ${SECRET_NAME_WORDS}.` });
}

async function typed(name: string): Promise<string> {
  const text = await typePassphrase(`Secret ${name}: `);
  if (text === undefined) throw new KmError("SRV_005", "Interrupted: nothing was kept", { exitCode: INTERRUPTED });
  return text;
}

/** All of it, but for the line feed that ends it. */
async function fromStdin(): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of Bun.stdin.stream()) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MOST_CHARACTERS) throw new KmError("SRV_005", "Cannot keep a secret of more than 64 KB");
  }
  return text.replace(/\r?\n$/, "");
}

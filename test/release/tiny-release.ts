/** A release of shell scripts in place of km, and the key that signs it. */
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRelease, type Part } from "../../release/make-release.ts";
import { type Target, TARGETS } from "../../src/platforms.ts";

export const VERSION = "1.2.3-rc.4";

/** What a script does besides saying its version. */
const BODY = `case $1 in
--version) echo "km ${VERSION} (0123456789ab)" ;;
exit) exit "$2" ;;
pid) echo $$; exec sleep 60 ;;
trap) trap 'echo got TERM; exit 7' TERM; trap 'echo got INT; exit 8' INT; echo ready; while :; do sleep 0.05; done ;;
cat) exec cat ;;
*) printf '%s\\n' "$@" ;;
esac
`;

export interface TinyRelease extends Disposable {
  folder: string;
  outdir: string;
  keyFile: string;
  publicKeyFile: string;
  binaries: Record<Target, string>;
}

export async function makeTinyRelease(parts: Part[]): Promise<TinyRelease> {
  const folder = mkdtempSync(join(tmpdir(), "km-test-"));
  const outdir = join(folder, "release");
  const [keyFile, publicKeyFile] = [join(folder, "key.pem"), join(folder, "key.pub.pem")];
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  writeFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(publicKeyFile, publicKey.export({ type: "spki", format: "pem" }));
  mkdirSync(join(folder, "built"));
  const script = (target: Target): [Target, string] => {
    const file = join(folder, "built", target);
    writeFileSync(file, `#!/bin/sh\n# ${target}\n${BODY}`);
    chmodSync(file, 0o755);
    return [target, file];
  };
  const binaries = Object.fromEntries(TARGETS.map(script)) as Record<Target, string>;
  await makeRelease({ version: VERSION, binaries, outdir, keyFile, parts });
  return {
    folder,
    outdir,
    keyFile,
    publicKeyFile,
    binaries,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a program said; throws when it fails. */
export async function run(command: string[], cwd: string, env?: Record<string, string>): Promise<string> {
  const child = Bun.spawn(command, {
    cwd,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    ...(env !== undefined && { env }),
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}

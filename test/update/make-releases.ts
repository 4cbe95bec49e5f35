/** Releases of small scripts in place of km, signed with a key of their own, and folders that they are installed in. */
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeChecksums } from "../../release/checksums.ts";
import { makeRelease } from "../../release/make-release.ts";
import { publicKeyOf } from "../../release/release-key.ts";
import { archiveName, type Target } from "../../src/platforms.ts";
import { parseReceipt, type Receipt } from "../../src/update/receipt.ts";
import { ownTarget } from "../../src/update/release-target.ts";

/** Of the machine that runs the tests. */
export const TARGET: Target = ownTarget() ?? "linux-x64";

export class Releases implements Disposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "km-releases-")));
  readonly keyFile = makeKey(this.folder, "key.pem");
  readonly publicKey = publicKeyOf(this.keyFile);

  /** @param binary that of `scriptKm` unless given */
  async publish(version: string, binary = this.script(version), target = TARGET): Promise<void> {
    await makeRelease({
      version,
      binaries: { [target]: binary },
      outdir: join(this.folder, `v${version}`),
      keyFile: this.keyFile,
      parts: ["archives"],
    });
  }

  /** Another archive in a release, rightly signed. */
  async replaceArchive(version: string, bytes: Uint8Array): Promise<void> {
    const name = archiveName(version, TARGET);
    writeFileSync(this.file(version, name), bytes);
    await writeChecksums(join(this.folder, `v${version}`), [name], this.keyFile);
  }

  file(version: string, name = archiveName(version, TARGET)): string {
    return join(this.folder, `v${version}`, name);
  }

  script(version: string, body = scriptKm(version)): string {
    const file = join(this.folder, `km-${version}`);
    writeFileSync(file, body, { mode: 0o755 });
    return file;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A shell script that behaves as km as far as a self-test goes. */
export function scriptKm(version: string, monitor = 'mkdir -p "$KM_DATA_DIR/sessions/one"; exec cat'): string {
  return `#!/bin/sh\ncase $1 in\n--version) echo "km ${version} (test)" ;;\nmonitor) ${monitor} ;;\nesac\n`;
}

export function makeKey(folder: string, name: string): string {
  const file = join(folder, name);
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
  return file;
}

/** A home folder with km in ~/.local/bin, as install.sh leaves it. */
export class InstalledKm implements Disposable {
  readonly home = realpathSync(mkdtempSync(join(tmpdir(), "km-home-")));
  readonly bin = join(this.home, ".local/bin");
  readonly executable = join(this.bin, "km");
  readonly state = join(this.home, ".local/state/km");
  readonly receiptFile = join(this.state, "installed/1.txt");
  readonly env: Record<string, string> = { HOME: this.home, PATH: process.env["PATH"] ?? "/usr/bin:/bin" };

  constructor(km: Uint8Array) {
    mkdirSync(this.bin, { recursive: true });
    mkdirSync(join(this.state, "installed"), { recursive: true });
    writeFileSync(this.executable, km);
    chmodSync(this.executable, 0o755);
    this.writeReceipt("release", [this.executable]);
  }

  writeReceipt(origin: string, paths: string[]): void {
    const lines = paths.map((path) => `${Bun.SHA256.hash(readFileSync(path), "hex")}  ${path}\n`);
    writeFileSync(this.receiptFile, `# origin: ${origin}\n${lines.join("")}`);
  }

  get receipt(): Receipt {
    const receipt = parseReceipt(this.receiptFile, readFileSync(this.receiptFile, "utf8"));
    if (receipt === undefined) throw new Error("No receipt");
    return receipt;
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

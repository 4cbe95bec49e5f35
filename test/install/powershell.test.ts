import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { archiveName, PLATFORMS, TARGETS } from "../../src/platforms.ts";
import { INSTALLER, ROOT } from "./sandbox.ts";

// Only as a text: it runs on Windows alone.
const TEXT = readFileSync(join(ROOT, "install.ps1"), "utf8");

describe("install.ps1", () => {
  test("is ASCII, which PowerShell 5.1 reads without a byte order mark", () => {
    expect(TEXT).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test("does nothing but define functions before its last line", () => {
    const statements = TEXT.slice(TEXT.indexOf("\n)\n") + 3).match(/^[^\s#}].*$/gm) ?? [];
    expect(statements.filter((line) => !line.startsWith("function "))).toEqual([
      "$ReleaseKeys = ''",
      expect.stringMatching(/^\$Releases = 'https:\/\/github\.com\/[^']+'$/),
      "Start-KmInstaller",
    ]);
    expect(TEXT.trimEnd()).toEndWith("\nStart-KmInstaller");
  });

  test("calls only functions that it defines, and defines none in vain", () => {
    const defined = [...TEXT.matchAll(/^function ([\w-]+)/gm)].map(([, name]) => name);
    const called = [...TEXT.matchAll(/(?<!function )\b([A-Z][a-z]+-Km\w*)/g)].map(([, name]) => name);
    called.push(...[...TEXT.matchAll(/(?<!function )\bStart-KmInstaller/g)].map(([name]) => name));
    expect(new Set(called)).toEqual(new Set(defined));
  });

  test("never ends the session of the user it runs in", () => {
    expect(TEXT).not.toMatch(/^\s*exit\b/m);
  });

  test("calls nothing that is a script in PowerShell 5.1, where a new Windows runs none", () => {
    expect(TEXT.replaceAll(/^#.*$/gm, "")).not.toMatch(/\b(Get-FileHash|Expand-Archive|New-Guid|New-TemporaryFile)\b/);
  });

  test("knows the targets, names and addresses of releases", () => {
    for (const target of TARGETS.filter((one) => PLATFORMS[one].os === "windows"))
      expect(TEXT).toContain(`'${target}'`);
    expect(archiveName("1.2.3", "windows-x64")).toBe("km-1.2.3-windows-x64.zip");
    for (const part of [
      '"km-$release-$target"',
      '"$name.zip"',
      "/latest/download",
      "/download/v$",
      "/checksums.txt.sig",
    ]) {
      expect(TEXT).toContain(part);
    }
  });

  test("says the same as install.sh where both can say it", () => {
    const base = /https:\/\/github\.com\/[\w-]+\/km\/releases/;
    expect(base.exec(TEXT)?.[0]).toBe(base.exec(INSTALLER)?.[0] ?? "");
    for (const variable of [
      "KM_VERSION",
      "KM_INSTALL_DIR",
      "KM_DOWNLOAD_URL",
      "KM_NO_MODIFY_PATH",
      "KM_REQUIRE_SIGNATURE",
      "KM_UNMANAGED",
      "KM_STATE_DIR",
    ]) {
      expect(TEXT).toContain(`$env:${variable}`);
      expect(INSTALLER).toContain(variable);
    }
    for (const words of [
      "(wrong SHA-256)",
      "only the checksum of the download is checked",
      "something is there that this script did not put there",
    ]) {
      expect(TEXT).toContain(words);
      expect(INSTALLER).toContain(words);
    }
  });

  test("has each bracket closed by its own", () => {
    const code = TEXT.replace(/^\s*#.*$/gm, "").replace(/'[^'\n]*'/g, "''");
    const open: string[] = [];
    for (const [bracket] of code.matchAll(/[(){}[\]]/g)) {
      if ("({[".includes(bracket)) open.push(bracket);
      else expect(`${open.pop()}${bracket}`).toBeOneOf(["()", "{}", "[]"]);
    }
    expect(open).toEqual([]);
  });
});

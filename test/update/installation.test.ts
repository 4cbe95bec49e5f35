import { describe, expect, test } from "bun:test";
import { identifyInstallation, type InstallationFacts } from "../../src/update/installation.ts";
import type { Receipt } from "../../src/update/receipt.ts";

const RELEASES = "https://example.com/releases";

function facts(executable: string, more: Partial<InstallationFacts> = {}): InstallationFacts {
  return {
    platform: /^[A-Z]:/.test(executable) ? "win32" : "linux",
    env: { HOME: "/home/ada" },
    executable,
    compiled: true,
    receipt: undefined,
    owner: undefined,
    container: false,
    releases: RELEASES,
    ...more,
  };
}

function words(given: InstallationFacts): string {
  const found = identifyInstallation(given);
  return found.kind === "release" ? "release" : `${found.how}. ${found.remedy}`;
}

function receiptOf(origin: Receipt["origin"], path: string): InstallationFacts["receipt"] {
  return { receipt: { file: "/state/1.txt", origin, installed: new Map([[path, ["00"]]]) }, path };
}

describe("identifyInstallation", () => {
  test.each([
    ["/opt/homebrew/Cellar/km/0.1.0/bin/km", "with Homebrew. Run: brew upgrade km"],
    ["/usr/local/Cellar/km/0.1.0_1/bin/km", "with Homebrew. Run: brew upgrade km"],
    ["/home/linuxbrew/.linuxbrew/Cellar/km/0.1.0/bin/km", "with Homebrew. Run: brew upgrade km"],
    ["C:\\Users\\Ada\\scoop\\apps\\km\\0.1.0\\km.exe", "with Scoop. Run: scoop update km"],
    ["C:\\ProgramData\\scoop\\apps\\km\\current\\km.exe", "with Scoop. Run: scoop update km --global"],
    [
      "C:\\Users\\Ada\\AppData\\Local\\Microsoft\\WinGet\\Packages\\Kilometers.km_Microsoft.Winget.Source_8wekyb3d8bbwe\\km-0.1.0\\km.exe",
      "with winget. Run: winget upgrade --id Kilometers.km",
    ],
    [
      "/nix/store/0c9h2k-km-0.1.0/bin/km",
      "with Nix. Run: nix profile upgrade km, or update the flake input that provides it.",
    ],
    ["/usr/local/lib/node_modules/@kilometers-ai/km/bin/km", "with npm. Run: npm install -g @kilometers-ai/km@latest"],
    [
      "/home/ada/.nvm/versions/node/v24.1.0/lib/node_modules/@kilometers-ai/km-linux-x64/km",
      "with npm. Run: npm install -g @kilometers-ai/km@latest",
    ],
    [
      "C:\\Users\\Ada\\AppData\\Roaming\\npm\\node_modules\\@kilometers-ai\\km\\bin\\km.exe",
      "with npm. Run: npm install -g @kilometers-ai/km@latest",
    ],
    ["/home/ada/.npm/_npx/4f8/node_modules/@kilometers-ai/km/bin/km", "by npx. Run: npx -y @kilometers-ai/km@latest"],
    [
      "/home/ada/.bun/install/global/node_modules/@kilometers-ai/km/bin/km",
      "with bun. Run: bun add -g @kilometers-ai/km@latest",
    ],
    [
      "/home/ada/.local/share/pnpm/global/5/.pnpm/@kilometers-ai+km@0.1.0/node_modules/@kilometers-ai/km/bin/km",
      "with pnpm. Run: pnpm add -g @kilometers-ai/km@latest",
    ],
    [
      "/home/ada/.config/yarn/global/node_modules/@kilometers-ai/km/bin/km",
      "with Yarn. Run: yarn global add @kilometers-ai/km@latest",
    ],
    [
      "/home/ada/shop/node_modules/@kilometers-ai/km/bin/km",
      "with npm, for /home/ada/shop. Run there: npm install @kilometers-ai/km@latest",
    ],
  ])("tells by its path how %s is updated", (path, expected) => {
    expect(words(facts(path))).toBe(expected);
  });

  test("names the package that owns it", () => {
    expect(words(facts("/usr/bin/km", { owner: { manager: "dpkg", name: "km" } }))).toBe(
      `by the package km (dpkg). Download the new .deb from ${RELEASES}/latest, then run: sudo apt install ./km_*.deb`,
    );
    expect(words(facts("/usr/bin/km", { owner: { manager: "rpm", name: "km" } }))).toContain(
      "then run: sudo rpm -U ./km-*.rpm",
    );
  });

  test("goes by the receipt before anything else", () => {
    const path = "/opt/homebrew/Cellar/km/0.1.0/bin/km";
    expect(words(facts(path, { receipt: receiptOf("release", path), container: true }))).toBe("release");
  });

  test("sends a km from a checkout back there, with the folder where it is another one", () => {
    const checkout = (path: string): string => words(facts(path, { receipt: receiptOf("checkout", path) }));
    const start = "from a checkout. Run in the checkout: git pull && sh install.sh";
    expect(checkout("/home/ada/.local/bin/km")).toBe(start);
    expect(checkout("/home/ada/my tools/km")).toBe(`${start} --prefix '/home/ada/my tools'`);
  });

  test("says how one that nobody knows can be adopted", () => {
    expect(words(facts("/opt/it's/km"))).toBe(
      `by hand or by another tool: no receipt of install.sh names it. Update it the way it came. Or move '/opt/it'\\''s/km' away and run: curl -fsSL ${RELEASES}/latest/download/install.sh | sh -s -- --prefix '/opt/it'\\''s'`,
    );
    expect(words(facts("C:\\Tools\\km.exe"))).toContain("install.ps1");
    expect(words(facts("/usr/local/bin/km", { container: true }))).toContain("docker pull ghcr.io/kilometers-ai/km");
  });

  test("has no word about files for a km that runs from its sources", () => {
    expect(words(facts("/usr/bin/bun", { compiled: false }))).toContain("from its sources");
  });
});

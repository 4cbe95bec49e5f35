/** `homebrewFormula`: km.rb for a tap (https://docs.brew.sh/Formula-Cookbook). */
import type { Target } from "../src/platforms.ts";
import type { Downloads } from "./manifests.ts";
import { LICENCE, REPOSITORY, SUMMARY } from "./project.ts";

const SYSTEMS: Record<string, Record<string, Target>> = {
  on_macos: { on_arm: "darwin-arm64", on_intel: "darwin-x64" },
  on_linux: { on_arm: "linux-arm64", on_intel: "linux-x64" },
};

/** @returns nothing when there is no archive for it */
export function homebrewFormula(version: string, downloads: Downloads): string | undefined {
  const systems = Object.entries(SYSTEMS).flatMap(([system, processors]) => {
    const blocks = Object.entries(processors).flatMap(([processor, target]) => {
      const download = downloads[target];
      if (download === undefined) return [];
      return [`    ${processor} do\n      url "${download.url}"\n      sha256 "${download.sha256}"\n    end\n`];
    });
    return blocks.length === 0 ? [] : [`  ${system} do\n${blocks.join("\n")}  end\n`];
  });
  if (systems.length === 0) return undefined;
  return `class Km < Formula
  desc "${SUMMARY}"
  homepage "${REPOSITORY}"
  version "${version}"
  license "${LICENCE}"

  livecheck do
    url :stable
    strategy :github_latest
  end

${systems.join("\n")}
  def install
    bin.install "km"
    man1.install "man/km.1"
    bash_completion.install "completions/km.bash" => "km"
    zsh_completion.install "completions/_km"
    fish_completion.install "completions/km.fish"
  end

  test do
    assert_match "km #{version}", shell_output("#{bin}/km --version")
    line = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert_equal "#{line}\\n", pipe_output("#{bin}/km monitor -- cat", "#{line}\\n", 0)
  end
end
`;
}

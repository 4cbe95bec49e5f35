/** `km completions`: a script with which a shell completes km's command lines. */
import { defineCommand } from "../command.ts";
import { closest } from "../closest.ts";
import { completionScript, isShell, SHELLS } from "../completion/script.ts";
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { print } from "../output.ts";

export default defineCommand({
  meta: { name: "completions", description: "Print the script with which a shell completes km's command lines" },
  args: {
    shell: { type: "positional", required: true, description: `One of ${SHELLS.join(", ")}`, complete: "shell" },
  },
  examples: [
    'eval "$(km completions bash)"                                 in ~/.bashrc',
    "source <(km completions zsh)                                  in ~/.zshrc, behind compinit",
    "km completions fish | source                                  in ~/.config/fish/config.fish",
    "km completions powershell | Out-String | Invoke-Expression    in $PROFILE",
  ],
  async run({ shell }) {
    if (!isShell(shell)) {
      const nearest = shell === "pwsh" ? "powershell" : closest(shell, [...SHELLS]);
      const known = `Known: ${SHELLS.join(", ")}.`;
      throw new KmError("USAGE", `No completions for "${echoed(shell)}"`, {
        hint: nearest === undefined ? known : `Did you mean ${nearest}? ${known}`,
      });
    }
    await print(completionScript(shell));
    return 0;
  },
});

/** `loadKeyring`: the native module that speaks to the system's keychain. No other file knows of it. */
import type { Entry } from "@napi-rs/keyring";

/** Set by the build for the musl targets. */
declare const KM_MUSL: boolean | undefined;

export interface Keyring {
  Entry: typeof Entry;
}

/**
 * Each build keeps the one branch of its target and embeds that file; where the file is missing the build fails, which
 * it would not in a `try`. The package's own loader is left out: by a variable it would load any library.
 *
 * @returns undefined where km has none: there is no Secret Service to be expected beside musl
 * @throws where the module cannot be loaded
 */
export function loadKeyring(): Keyring | undefined {
  // What stands behind a `return` would be embedded all the same: the chain is one of `else`.
  if (typeof KM_MUSL !== "undefined" && KM_MUSL) return undefined;
  else if (process.platform === "linux") {
    if (process.arch === "x64") return require("@napi-rs/keyring-linux-x64-gnu/keyring.linux-x64-gnu.node");
    if (process.arch === "arm64") return require("@napi-rs/keyring-linux-arm64-gnu/keyring.linux-arm64-gnu.node");
  } else if (process.platform === "darwin") {
    if (process.arch === "x64") return require("@napi-rs/keyring-darwin-x64/keyring.darwin-x64.node");
    if (process.arch === "arm64") return require("@napi-rs/keyring-darwin-arm64/keyring.darwin-arm64.node");
  } else if (process.platform === "win32") {
    if (process.arch === "x64") return require("@napi-rs/keyring-win32-x64-msvc/keyring.win32-x64-msvc.node");
    if (process.arch === "arm64") return require("@napi-rs/keyring-win32-arm64-msvc/keyring.win32-arm64-msvc.node");
  }
  return undefined;
}

// Finds the executable among the packages for each platform, of which npm installs the one that fits.
"use strict";
const { accessSync, chmodSync, constants } = require("node:fs");

const SCOPE = "@kilometers-ai";
const PLATFORMS = "Linux, macOS and Windows on x64 and arm64";

/** `{ path }`, or `{ problem }`. */
exports.findBinary = function findBinary() {
  const { platform, arch } = process;
  const os = platform === "win32" ? "windows" : platform;
  const names = [`${SCOPE}/km-${os}-${arch}`];
  if (platform === "linux") names.push(`${names[0]}-musl`);
  const file = platform === "win32" ? "km.exe" : "km";
  const found = names.map((name) => resolved(`${name}/bin/${file}`)).filter((path) => path !== undefined);
  // A package manager that does not know of C libraries installs both.
  const path = found.length > 1 && isMusl() ? found[1] : found[0];
  if (path === undefined) {
    const advice = `Install ${SCOPE}/km again on this platform, with optional dependencies. There is km for ${PLATFORMS}.`;
    return { problem: `Cannot find the package for this platform: ${names.join(" or ")}\n${advice}` };
  }
  return madeExecutable(path);
};

function resolved(specifier) {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}

function isMusl() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

/** Some package managers drop the permission. */
function madeExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    try {
      chmodSync(path, 0o755);
    } catch (error) {
      return { problem: `Cannot run ${path}: ${error.message}` };
    }
  }
  return { path };
}

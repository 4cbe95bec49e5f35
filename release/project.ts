/** How the project is called in the world, for packages and manifests. */
import packageJson from "../package.json";

export const REPOSITORY = "https://github.com/kilometers-ai/km";
export const DOWNLOADS = `${REPOSITORY}/releases/download`;
export const PUBLISHER = "kilometers-ai";
export const MAINTAINER = "kilometers-ai <kilometers-ai@users.noreply.github.com>";
export const { description: SUMMARY, license: LICENCE } = packageJson;

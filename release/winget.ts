/** `wingetManifests`: for a pull request to microsoft/winget-pkgs (https://aka.ms/winget-manifest). */
import { stringify } from "yaml";
import { archiveFolder, type Target } from "../src/platforms.ts";
import type { Downloads } from "./manifests.ts";
import { LICENCE, PUBLISHER, REPOSITORY, SUMMARY } from "./project.ts";

const IDENTIFIER = "KilometersAI.km";
const LOCALE = "en-US";
const SCHEMA = "1.10.0";
const ARCHITECTURES = { x64: "windows-x64", arm64: "windows-arm64" } as const satisfies Record<string, Target>;

/** @returns by their paths in that repository; none when there is no archive for it */
export function wingetManifests(version: string, time: Date, downloads: Downloads): Record<string, string> {
  const installers = Object.entries(ARCHITECTURES).flatMap(([architecture, target]) => {
    const download = downloads[target];
    if (download === undefined) return [];
    return {
      Architecture: architecture,
      NestedInstallerFiles: [
        { RelativeFilePath: `${archiveFolder(version, target)}\\km.exe`, PortableCommandAlias: "km" },
      ],
      InstallerUrl: download.url,
      InstallerSha256: download.sha256.toUpperCase(),
    };
  });
  if (installers.length === 0) return {};
  const folder = `manifests/${IDENTIFIER.slice(0, 1).toLowerCase()}/${IDENTIFIER.replace(".", "/")}/${version}`;
  const manifest = (type: string, members: object) =>
    `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${type}.${SCHEMA}.schema.json\n\n${stringify({
      PackageIdentifier: IDENTIFIER,
      PackageVersion: version,
      ...members,
      ManifestType: type,
      ManifestVersion: SCHEMA,
    })}`;
  return {
    [`${folder}/${IDENTIFIER}.yaml`]: manifest("version", { DefaultLocale: LOCALE }),
    [`${folder}/${IDENTIFIER}.installer.yaml`]: manifest("installer", {
      InstallerType: "zip",
      NestedInstallerType: "portable",
      Commands: ["km"],
      ReleaseDate: time.toISOString().slice(0, 10),
      Installers: installers,
    }),
    [`${folder}/${IDENTIFIER}.locale.${LOCALE}.yaml`]: manifest("defaultLocale", {
      PackageLocale: LOCALE,
      Publisher: PUBLISHER,
      PublisherUrl: "https://github.com/kilometers-ai",
      PublisherSupportUrl: `${REPOSITORY}/issues`,
      PackageName: "km",
      PackageUrl: REPOSITORY,
      License: LICENCE,
      LicenseUrl: `${REPOSITORY}/blob/v${version}/LICENSE`,
      ShortDescription: SUMMARY,
      Moniker: "km",
      Tags: ["cli", "mcp", "model-context-protocol", "monitoring"],
      ReleaseNotesUrl: `${REPOSITORY}/releases/tag/v${version}`,
    }),
  };
}

/** Every check of `km doctor`, in the order in which they are shown. */
import { checkApi } from "./api.ts";
import { checkBinary } from "./binary.ts";
import type { Check } from "./check.ts";
import { checkClients } from "./clients.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkCredentials } from "./credentials.ts";
import { checkDataFolder } from "./data-folder.ts";
import { checkEnvironment } from "./environment.ts";
import { checkFolders } from "./folders.ts";
import { checkKeychain } from "./keychain.ts";
import { checkOrphans } from "./orphans.ts";
import { checkPlugins } from "./plugins.ts";
import { checkSandbox } from "./sandbox.ts";
import { checkSessions } from "./sessions.ts";
import { checkVersions } from "./versions.ts";

export const CHECKS: readonly Check[] = [
  { id: "binary", group: "Program", title: "this km", run: checkBinary },
  { id: "versions", group: "Program", title: "versions", run: checkVersions },
  { id: "configuration", group: "Configuration", title: "files", run: checkConfiguration },
  { id: "environment", group: "Configuration", title: "variables", run: checkEnvironment },
  { id: "data", group: "Folders", title: "data folder", run: checkDataFolder },
  { id: "sessions", group: "Folders", title: "recorded sessions", patienceMs: 4000, run: checkSessions },
  { id: "folders", group: "Folders", title: "other folders", run: checkFolders },
  // The process that asks is given 3 s.
  { id: "keychain", group: "Keychain", title: "system keychain", patienceMs: 4000, run: checkKeychain },
  { id: "plugins", group: "Plugins", title: "plugins", run: checkPlugins },
  { id: "sandbox", group: "Plugins", title: "sandbox", run: checkSandbox },
  // The request is given 3 s.
  { id: "api", group: "API", title: "API", patienceMs: 4000, run: checkApi },
  // It may ask the keychain.
  { id: "credentials", group: "API", title: "login", patienceMs: 4000, run: checkCredentials },
  { id: "clients", group: "Clients", title: "configuration files of clients", run: checkClients },
  { id: "orphans", group: "Servers", title: "servers left behind", patienceMs: 4000, run: checkOrphans },
];

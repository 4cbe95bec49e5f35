/** `VARIABLES`: every environment variable that km reads for its user, for help, the man page and typing errors. */
import { KEYS } from "../config/keys.ts";

interface Variable {
  name: string;
  /** One sentence, or for a configuration key its name. */
  description: string;
}

const OTHERS: Variable[] = [
  { name: "KM_CONFIG", description: "Configuration file in place of the user's." },
  { name: "KM_CONFIG_DIR", description: "Folder of the configuration." },
  { name: "KM_DATA_DIR", description: "Folder of the recordings." },
  { name: "KM_STATE_DIR", description: "Folder of what km remembers." },
  { name: "KM_CACHE_DIR", description: "Folder of what km can make again." },
  { name: "KM_NAME", description: "km monitor: name of the server, as --name." },
  { name: "KM_SESSION_ID", description: "km monitor: id of the session, as --session-id." },
  { name: "KM_CWD", description: "km monitor: working directory of the server, as --cwd." },
  { name: "KM_ENV", description: "km monitor: variables for the server, NAME=VALUE, one a line, as --env." },
  { name: "KM_URL", description: "km monitor: where the server is, as --url." },
  { name: "KM_HEADERS", description: "km monitor: headers for it, name: value, one a line, as --header." },
  { name: "KM_TRANSPORT", description: "km monitor: how it speaks MCP, as --transport." },
  { name: "KM_DEBUG_REPLAY", description: "km monitor: recording to play, as --debug-replay." },
  { name: "KM_POLICY", description: "Policy in place of the user's, as --policy; false for none but the system's." },
  { name: "KM_VERBOSE", description: "If not empty, as --verbose." },
  { name: "KM_DEBUG", description: "If not empty, as --debug; all commands show where an unexpected error came from." },
  { name: "KM_PUMP", description: "streams: pass bytes on by the way for systems without the C library's calls." },
  { name: "KM_DOWNLOAD_URL", description: "km update and install.sh: where releases lie in place of GitHub." },
  { name: "KM_API_KEY", description: "API key to use in place of a login: no prompt, no keychain." },
  {
    name: "KM_PASSPHRASE_FILE",
    description: "File with the passphrase that encrypts a login and servers' secrets where there is no keychain.",
  },
  { name: "KM_API_LISTEN", description: "km api serve and health: where the service listens, as --listen." },
  { name: "KM_API_DATA", description: "km api serve: folder of what it keeps, as --data." },
  { name: "KM_API_PACKAGES", description: "km api serve: where it keeps packages, as --packages." },
  { name: "KM_API_PUBLIC_URL", description: "km api serve: where others reach it, as --public-url." },
  {
    name: "KM_API_TRUSTED_PROXIES",
    description: "km api serve: how many proxies are before it, as --trusted-proxies.",
  },
  { name: "KM_API_METRICS_LISTEN", description: "km api serve: where to give out metrics, as --metrics-listen." },
  { name: "KM_API_LOG_FILE", description: "km api serve: file for its log, as --log-file." },
  { name: "KM_API_SIGNING_KEY_FILE", description: "km api serve: key to sign tokens with, as --signing-key." },
  { name: "KM_API_PACKAGE_KEY_FILE", description: "km api serve: key to sign packages with, as --package-key." },
  {
    name: "KM_API_DATABASE_PASSWORD_FILE",
    description: "km api serve: file with PostgreSQL's password, as --database-password-file.",
  },
];

/** Read as everywhere. */
const STANDARD: Variable[] = [
  { name: "DATABASE_URL", description: "km api serve: its database, as --database." },
  {
    name: "AWS_ACCESS_KEY_ID",
    description:
      "km api serve: for a bucket of packages, with AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION and AWS_ENDPOINT_URL.",
  },
  { name: "SOURCE_DATE_EPOCH", description: "km plugins build: the time of signing, in seconds since 1970." },
  { name: "NO_COLOR", description: "If not empty, no colours." },
  { name: "FORCE_COLOR", description: "If neither empty nor 0, colours also where there is no terminal." },
  { name: "OTEL_EXPORTER_OTLP_ENDPOINT", description: "km proxy: where traces go; none without it." },
  { name: "OTEL_EXPORTER_OTLP_HEADERS", description: "km proxy: headers for these requests, name=value, ..." },
  { name: "OTEL_SERVICE_NAME", description: "km proxy: what km is called in traces; km-proxy unless set." },
  { name: "PAGER", description: "Program that shows long output on a terminal; less unless set, none if empty." },
  {
    name: "XDG_CONFIG_HOME",
    description:
      "Where the folder km of the configuration is, with XDG_DATA_HOME, XDG_STATE_HOME and XDG_CACHE_HOME for the others.",
  },
];

/** Not for km's user to set: what the installers read, and what km and its parts tell each other. */
const OF_OTHERS = [
  "KM_VERSION",
  "KM_INSTALL_DIR",
  "KM_NO_MODIFY_PATH",
  "KM_DOWNLOAD_TIMEOUT",
  "KM_REQUIRE_SIGNATURE",
  "KM_UNMANAGED",
  "KM_RELEASE_KEY_FILE",
  "KM_COMPLETE",
  "KM_PLUGIN",
];

export const VARIABLES: Variable[] = [
  ...[...KEYS].flatMap(([key, { variable }]) =>
    variable === undefined ? [] : [{ name: variable, description: `The setting ${key}.` }],
  ),
  ...OTHERS,
  ...STANDARD,
];

/** Every name that begins with `KM_` and means something somewhere. */
export const KNOWN_NAMES: readonly string[] = [...VARIABLES.map(({ name }) => name), ...OF_OTHERS].filter((name) =>
  name.startsWith("KM_"),
);

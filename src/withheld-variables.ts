/**
 * `WITHHELD`: variables that no program gets from km unasked, be it a server or a browser. The first two act on every
 * program built with Bun, and were not meant for that one: one makes it the `bun` command, the other injects flags into
 * it. The others are what km proves with who its user is.
 */
export const WITHHELD: ReadonlySet<string> = new Set(["BUN_BE_BUN", "BUN_OPTIONS", "KM_API_KEY", "KM_PASSPHRASE_FILE"]);

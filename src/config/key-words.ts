/** What each configuration key means, in a sentence: for `km config init` and the JSON Schema. */
import type { Key } from "./keys.ts";

export const KEY_WORDS: { [K in Key]: string } = {
  log_level: "What km says on stderr: error, warn, info or debug.",
  "api.url": "Address of kilometers-api: https://, or http:// for this machine alone. Empty for none.",
  "journal.enabled": "Whether sessions are recorded at all.",
  "journal.payloads": "What of each message is recorded: full, redacted, metadata or off.",
  "journal.max_message": "Of a larger message only the beginning and the end are recorded.",
  "journal.segment_size": "A session's journal begins a new file at this size.",
  "journal.retention.max_age": "Older sessions are deleted.",
  "journal.retention.max_size": "The oldest sessions are deleted beyond this size.",
  "redact.keys": "Names of members whose values are masked, besides the built-in ones.",
  "redact.ignore_keys": "Built-in names that are not secret for you.",
  "redact.patterns": "Regular expressions whose matches are masked, such as [{ name: ticket, pattern: 'T-[0-9]{6}' }].",
  "redact.allow": "Regular expressions: a value in which one matches is never masked.",
  "monitor.kill_timeout": "How long a server may take to end before it is killed.",
  "plugins.enabled": "Whether plugins are started at all.",
  "plugins.disabled": "Names of plugins that are never started.",
  "plugins.require_sandbox": "Whether a plugin must not run where its sandbox cannot be had.",
  "plugins.require_fresh_revocations":
    "Whether a signed plugin must not run where the list of what is revoked is stale.",
  "plugins.memory_limit": "What one plugin may use.",
  "plugins.intercept": "Names of plugins that may hold back, block or change messages, if their manifest asks for it.",
  "plugins.intercept_timeout": "How long such a plugin may hold a message back.",
  "plugins.on_timeout": "What happens to a message that was held back for so long: pass or block.",
  "plugins.configuration": "What each plugin is told, by its name, such as { console-logger: { level: debug } }.",
};

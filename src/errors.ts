/** The one error class of km, its codes and the exit codes they map to. */

/**
 * What went wrong, for programs. The prefix names the area; the number never changes its meaning.
 */
export type ErrorCode =
  | "USAGE" // a command line that cannot be understood
  | "CFG_001" // a configuration file cannot be read or parsed
  | "CFG_002" // a configuration value is not allowed
  | "CFG_003" // no such configuration key
  | "CFG_004" // a configuration file cannot be written
  | "FLT_001" // a filter expression cannot be understood
  | "JRN_001" // no such session
  | "JRN_002" // no such event
  | "JRN_003" // a journal cannot be read or written
  | "SRV_001" // the server cannot be started
  | "SRV_002" // the server does not answer as MCP requires
  | "SRV_003" // no such server in servers.yaml, or its name is taken or not allowed
  | "SRV_004" // a reference of a server cannot be resolved
  | "SRV_005" // the servers' secrets cannot be kept, read or forgotten
  | "RPL_001" // a recording cannot be played
  | "PLG_001" // no such plugin
  | "PLG_002" // a folder of plugins that the user does not trust
  | "PLG_MAN_001" // a manifest cannot be read or is not JSON
  | "PLG_MAN_002" // a member of a manifest is missing or not allowed
  | "PLG_CMP_001" // a plugin needs another version of km or of the protocol
  | "PLG_CFG_001" // a plugin's configuration does not match its schema
  | "PLG_TIER_001" // a plugin needs a higher tier
  | "PLG_RUN_001" // its executable is missing, or not there for this platform
  | "PLG_RUN_002" // its executable may not be executed
  | "PLG_RUN_003" // its executable is for another architecture or C library
  | "PLG_RUN_004" // it did not answer km/hello in time
  | "PLG_RUN_005" // it ended before it was active
  | "PLG_RUN_006" // its answer to km/hello contradicts its manifest or the protocol
  | "PLG_RUN_007" // the sandbox that the configuration requires cannot be had
  | "PLG_RUN_008" // it crashed too often
  | "PLG_RUN_009" // it does not answer
  | "PLG_RUN_010" // it used more memory than allowed
  | "PLG_RUN_011" // it answered a request with an error
  | "PLG_RUN_012" // it ended while it was active
  | "PLG_BLD_001" // a package cannot be built
  | "PLG_REG_001" // what is installed cannot be read or written
  | "PLG_PKG_001" // a package ends too early
  | "PLG_PKG_002" // a header of it is not the one canonical ustar header for its file
  | "PLG_PKG_003" // a header's checksum is wrong
  | "PLG_PKG_004" // an entry is no regular file
  | "PLG_PKG_005" // a name that no file of a package has
  | "PLG_PKG_006" // a name comes twice, or again in other letters
  | "PLG_PKG_007" // it is larger than is allowed
  | "PLG_PKG_008" // bytes where there must be none: behind a file or behind the end
  | "PLG_PKG_009" // its files are not those of the statement, in that order
  | "PLG_PKG_010" // its signature file is not well-formed
  | "PLG_PKG_011" // what is signed is not well-formed
  | "PLG_PKG_012" // a compressed file does not inflate to what is signed
  | "PLG_SIG_001" // a signature is invalid
  | "PLG_SIG_002" // too few of its keys are known, not revoked, and allowed to sign this
  | "PLG_SIG_003" // a file differs from its statement
  | "PLG_REV_001" // this package or this version is revoked
  | "PLG_REV_002" // the revocation list is gone or damaged; or too old, and the configuration requires a fresh one
  | "PLG_CUST_001" // it is built for another customer
  | "PLG_ROLL_001" // it is older than what was seen before
  | "PLG_KEY_001" // a key for packages cannot be read, or is not of a kind that signs them
  | "PIN_001" // what tools of a server were accepted cannot be read or written
  | "PIN_002" // no such server or tool in what was accepted or recorded
  | "CLT_001" // no such client, or none of its files is there
  | "CLT_002" // a client's configuration file cannot be read or understood
  | "CLT_003" // a client's configuration file cannot be written
  | "CLT_004" // no such server in the clients' configuration files
  | "FND_001" // no such finding, or several that are meant
  | "AUTH_001" // nobody is logged in, or the login has ended
  | "AUTH_002" // no API is configured, or its address cannot be used
  | "AUTH_003" // a login was denied or has expired, or an API key is not accepted
  | "AUTH_004" // the API cannot be reached, or does not answer as it should
  | "AUTH_005" // a login or an API key cannot be kept, read or forgotten
  | "LGN_001" // what a server says of its authorization cannot be used, or not safely
  | "LGN_002" // nobody could be logged in to a server
  | "LGN_003" // a server's authorization server cannot be reached, or does not answer as it should
  | "API_001" // kilometers-api cannot be started here
  | "API_002" // the API refuses what it was asked for
  | "API_003" // kilometers-api is not ready
  | "APR_001" // no such call waits for approval, or no such answer is remembered
  | "APR_002" // the approvals cannot be read or written
  | "SVC_001" // an argument of a tool cannot be used
  | "SVC_002" // what a tool was asked for is not allowed here
  | "SVC_003" // a backend cannot be reached, is too slow or is not available now
  | "SVC_004" // a backend does not know who asks, or does not allow it
  | "SVC_005" // a backend is asked too often
  | "SVC_006" // there is no such thing in a backend
  | "SVC_007" // a backend refuses what it was asked for: it conflicts, or cannot be done
  | "SVC_008" // a backend failed, or answered what cannot be understood
  | "UPD_001" // a release cannot be downloaded
  | "UPD_002" // a release's signature or checksum is missing or wrong
  | "UPD_003" // the new km does not run here, or cannot take the place of the old one
  | "UPD_004"; // this km was installed in a way that it does not update itself

export interface KmErrorOptions {
  /** What the user can do about it, one sentence. */
  hint?: string;
  /** Process exit code; by the code unless given. */
  exitCode?: number;
  cause?: unknown;
}

/**
 * An error meant for the user. The message says what could not be done, then the state found:
 * "Cannot start server: command not found: uvx".
 */
export class KmError extends Error {
  override readonly name = "KmError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, options: KmErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exitCodeOf(code);
  }
}

function exitCodeOf(code: ErrorCode): number {
  if (code === "USAGE" || code === "FLT_001") return 2;
  return code.startsWith("AUTH_") || code.startsWith("LGN_") ? 4 : 1;
}

/** The message of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Why the system refused, in its own words: of "EROFS: read-only file system, mkdir '/data'" what is in the middle. */
export function systemReason(error: unknown): string {
  return messageOf(error).replace(/^E[A-Z0-9]+: (.*?), \w+(?: '.*')?$/s, "$1");
}

/** Why a request could not be made: Bun's message without the question at its end. */
export function unsentReason(error: unknown): string {
  return messageOf(error).replace(/\. Is the computer able to access the url\?$/, "");
}

/** The `code` of a system error (`ENOSPC`, `ENOENT`, ...), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

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
  | "RPL_001"; // a recording cannot be played

export interface KmErrorOptions {
  /** What the user can do about it, one sentence. */
  hint?: string;
  /** Process exit code; 1 unless given. */
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
    this.exitCode = options.exitCode ?? (code === "USAGE" || code === "FLT_001" ? 2 : 1);
  }
}

/** The message of anything thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOSPC`, `ENOENT`, ...), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** `systemError`: what the system says went wrong with a file, as an error for the model. */
import { KmError, systemCode, systemReason, type ErrorCode } from "../../../errors.ts";
import { shownPath } from "../shown-path.ts";

const KNOWN: Record<string, { code: ErrorCode; reason: string; hint?: string }> = {
  ENOENT: { code: "SVC_006", reason: "there is no such file or folder" },
  ENOTDIR: { code: "SVC_007", reason: "it is no folder" },
  EISDIR: { code: "SVC_007", reason: "it is a folder" },
  EEXIST: { code: "SVC_007", reason: "it is there already" },
  ENOTEMPTY: { code: "SVC_007", reason: "the folder is not empty" },
  EACCES: { code: "SVC_004", reason: "the system does not allow it" },
  EPERM: { code: "SVC_004", reason: "the system does not allow it" },
  EROFS: { code: "SVC_004", reason: "its file system is read-only" },
  ENOSPC: { code: "SVC_008", reason: "the disk is full", hint: "Nothing was changed. Make room, and try again." },
  EDQUOT: { code: "SVC_008", reason: "the quota of the disk is used up", hint: "Nothing was changed." },
  ENAMETOOLONG: { code: "SVC_001", reason: "a name in it is too long" },
  ELOOP: { code: "SVC_007", reason: "it has become a symbolic link meanwhile", hint: "Try again." },
  EINVAL: { code: "SVC_007", reason: "the system cannot do that with it: is it to be put into itself?" },
  EXDEV: { code: "SVC_007", reason: "it is on another file system" },
  EBUSY: { code: "SVC_007", reason: "it is in use" },
  EMFILE: { code: "SVC_008", reason: "too many files are open", hint: "Try again later." },
  EFBIG: { code: "SVC_008", reason: "the file system has no files of that size" },
  EIO: { code: "SVC_008", reason: "the disk failed" },
};

/** What is no error of the system's stays as it is. */
export function systemError(error: unknown, typed: string): unknown {
  if (error instanceof KmError) return error;
  const systemsOwn = systemCode(error);
  if (systemsOwn === undefined) return error;
  const { code, reason, hint } = KNOWN[systemsOwn] ?? { code: "SVC_008" as const, reason: systemReason(error) };
  return new KmError(code, `${shownPath(typed)}: ${reason}`, { ...(hint !== undefined && { hint }), cause: error });
}

/** Runs it, and says of what goes wrong what it was. */
export function onSystem<T>(typed: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemError(error, typed);
  }
}

/** `openRoots`: the folders that tools may use, as services.yaml names them. */
import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { KmError, systemReason } from "../../../errors.ts";

export interface Root {
  /** As it was written, made whole: paths may begin with it too. */
  given: string;
  /** Without symbolic links. */
  path: string;
  access: "read" | "write";
}

/** @throws KmError CFG_002 for one that is no folder */
export function openRoots(
  { roots = [], readOnly = [] }: { roots?: readonly string[] | undefined; readOnly?: readonly string[] | undefined },
  home: string | undefined,
): Root[] {
  const all = [
    ...roots.map((written) => ({ written, access: "write" as const })),
    ...readOnly.map((written) => ({ written, access: "read" as const })),
  ];
  if (all.length === 0) {
    throw new KmError("CFG_002", "filesystem: no folder is named that may be used", {
      hint: "Name it: km serve filesystem --root DIR, or roots in services.yaml.",
    });
  }
  return all.map(({ written, access }) => {
    const given = resolve(/^~(?=[/\\]|$)/.test(written) && home !== undefined ? home + written.slice(1) : written);
    try {
      const path = realpathSync.native(given);
      if (statSync(path).isDirectory()) return { given, path, access };
    } catch (error) {
      throw new KmError("CFG_002", `filesystem: cannot use ${given}: ${systemReason(error)}`, { cause: error });
    }
    throw new KmError("CFG_002", `filesystem: ${given} is no folder`);
  });
}

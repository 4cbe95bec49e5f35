/** What the tools of the file system work with. */
import type { Redactor } from "../../guard/redaction/redact.ts";
import type { NameRules } from "./places/name-rules.ts";
import type { Root } from "./places/roots.ts";

export interface FilesystemBackend {
  /** At least one. */
  roots: readonly Root[];
  platform: NodeJS.Platform;
  /** Neither read nor changed. */
  denied: NameRules;
  /** Not changed. */
  protected: NameRules;
  redactor: Redactor;
  /** Of this process alone: what versions of files are made with. */
  versionKey: string;
}

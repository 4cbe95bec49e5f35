/** `backendFrom`: what tools work with, made of plain data. */
import { createRedactor } from "../../../guard/redaction/redact.ts";
import type { FilesystemBackend } from "../backend.ts";
import { NameRules } from "../places/name-rules.ts";
import type { Setup } from "./messages.ts";

export function backendFrom({ roots, deny, protect, redaction, versionKey }: Setup): FilesystemBackend {
  return {
    roots,
    platform: process.platform,
    denied: new NameRules(deny),
    protected: new NameRules(protect),
    redactor: createRedactor(redaction),
    versionKey,
  };
}

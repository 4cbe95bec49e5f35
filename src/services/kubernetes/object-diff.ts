/** `objectDiff`: what changes between two states of an object, as `diff -u` of their YAML; secrets are masked, and seen to change. */
import { unifiedDiff } from "../../clients/diff.ts";
import type { KubeObject } from "./kube-object.ts";
import { KnownSecrets } from "./masking/known-secrets.ts";
import { tellingMark } from "../mark.ts";
import { maskObject } from "./masking/mask-object.ts";
import { slimObject } from "./slim-object.ts";
import { yamlText } from "../yaml-text.ts";

/** @returns empty where nothing changes. @param before undefined for what is new */
export function objectDiff(name: string, before: KubeObject | undefined, after: KubeObject | undefined): string {
  // A copy of what a Secret had may stand elsewhere in what it is now.
  const known = new KnownSecrets();
  for (const one of [before, after]) if (one?.kind === "Secret") known.addSecret(one, "secret");
  const lines = unifiedDiff(name, known.mask(textOf(before)), known.mask(textOf(after)));
  return lines.map(({ text }) => text).join("\n");
}

/** Without the status, which follows by itself. */
function textOf(object: KubeObject | undefined): string {
  if (object === undefined) return "";
  const { status: _status, ...rest } = slimObject(maskObject(object, tellingMark));
  const { creationTimestamp: _created, ...metadata } = rest.metadata;
  return `${yamlText({ ...rest, metadata })}\n`;
}

/** `RULES`: every rule of the findings, in the order of docs/findings.md. */
import type { Rule } from "./rule.ts";
import { addressRules } from "./rules/addresses.ts";
import { commandRules } from "./rules/commands.ts";
import { contentRules } from "./rules/content.ts";
import { conversationMarkerRules } from "./rules/conversation-markers.ts";
import { definitionShapeRules } from "./rules/definition-shape.ts";
import { hiddenTextRules } from "./rules/hidden-text.ts";
import { instructionRules } from "./rules/instructions.ts";
import { loadedValueRules } from "./rules/loaded-values.ts";
import { outwardLinkRules } from "./rules/outward-links.ts";
import { pathRules } from "./rules/paths.ts";

export const RULES: readonly Rule[] = [
  ...instructionRules,
  ...conversationMarkerRules,
  ...hiddenTextRules,
  ...definitionShapeRules,
  ...outwardLinkRules,
  ...contentRules,
  ...pathRules,
  ...commandRules,
  ...loadedValueRules,
  ...addressRules,
];

/** Values of a chart that are secret by their names: kept in mind, for other places that they stand in, and masked. */
import { sensitiveName } from "../../guard/redaction/names.ts";
import { isMapping } from "../../is-mapping.ts";
import type { KnownSecrets } from "../kubernetes/masking/known-secrets.ts";
import { maskObject } from "../kubernetes/masking/mask-object.ts";
import { tellingMark } from "../mark.ts";

const kindOfName = sensitiveName({});

export function addValues(known: KnownSecrets, values: unknown): void {
  visit(values, false);

  function visit(value: unknown, isSecret: boolean): void {
    if (Array.isArray(value)) for (const one of value) visit(one, isSecret);
    else if (isMapping(value)) {
      // As containers have their variables: {name: DB_PASSWORD, value: ...}
      const pair = typeof value["name"] === "string" ? value["name"] : "";
      for (const [name, one] of Object.entries(value)) {
        const named = name === "value" && pair !== "" ? pair : name;
        visit(one, isSecret || kindOfName(named) !== undefined);
      }
    } else if (isSecret && (typeof value === "string" || typeof value === "number")) known.add(String(value));
  }
}

/** A copy, as it may be shown. */
export function maskedValues(values: unknown, known: KnownSecrets): unknown {
  return mapTexts(maskObject(values), (text) => known.mask(text));
}

export function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((one) => mapTexts(one, change));
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, change)]));
}

/** A copy for comparing: other secrets have other marks. */
export function tellingValues(values: unknown): unknown {
  return maskObject(values, tellingMark);
}

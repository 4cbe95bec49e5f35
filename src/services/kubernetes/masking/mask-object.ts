/**
 * `maskObject`: an object of a cluster as it may be shown: what is secret in it by its place is masked. Those are the data of
 * Secrets wherever else in the object they stand, values of ConfigMaps and variables of containers with names of secrets, flags
 * of commands, and manifests that annotations have.
 */
import { isMapping } from "../../../is-mapping.ts";
import { maskCommand } from "../../../guard/redaction/mask-command.ts";
import { sensitiveName } from "../../../guard/redaction/names.ts";
import { createRedactor } from "../../../guard/redaction/redact.ts";
import { type Mark, plainMark } from "../../mark.ts";
import { KnownSecrets } from "./known-secrets.ts";

const kindOfName = sensitiveName({});
const redactor = createRedactor();

/** A copy. @param value an object, a list of objects, or what both have in them */
export function maskObject<T>(value: T, mark: Mark = plainMark): T {
  // Same members at same places: only texts are replaced by others.
  return masked(value, mark) as T;
}

function masked(value: unknown, mark: Mark): unknown {
  if (Array.isArray(value)) return value.map((one) => masked(one, mark));
  if (!isMapping(value)) return value;
  const { kind } = value;
  if (isSecret(value)) return maskedSecret(value, mark);
  if (typeof kind === "string" && kind.endsWith("List") && Array.isArray(value["items"])) {
    const itemKind = kind.slice(0, -"List".length);
    const items = value["items"].map((item: unknown) =>
      isMapping(item)
        ? without(masked({ kind: itemKind, apiVersion: value["apiVersion"], ...item }, mark), item)
        : item,
    );
    return { ...value, items };
  }
  return maskedMembers(value, mark);
}

/** Those that were put to an item of a list taken out again. */
function without(value: unknown, original: Record<string, unknown>): unknown {
  return isMapping(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name in original)) : value;
}

function isSecret({ kind, apiVersion, data, stringData, type }: Record<string, unknown>): boolean {
  if (kind !== "Secret") return false;
  return (
    apiVersion === "v1" || apiVersion === undefined || isMapping(data) || isMapping(stringData) || type === "Opaque"
  );
}

function maskedSecret(secret: Record<string, unknown>, mark: Mark): Record<string, unknown> {
  const known = new KnownSecrets();
  known.addSecret(secret, "secret"); // where a name such as `admin` is meant, it stands in other places too
  const { data, stringData, ...rest } = secret;
  const all = (values: unknown): unknown =>
    isMapping(values)
      ? Object.fromEntries(Object.entries(values).map(([name, value]) => [name, mark("secret", JSON.stringify(value))]))
      : values;
  return {
    ...maskedMembers(
      mapTexts(rest, (text) => known.mask(text)),
      mark,
    ),
    ...(data !== undefined && { data: all(data) }),
    ...(stringData !== undefined && { stringData: all(stringData) }),
  };
}

function maskedMembers(mapping: Record<string, unknown>, mark: Mark): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(mapping)) result[name] = maskedMember(name, value, mapping, mark);
  return result;
}

function maskedMember(name: string, value: unknown, parent: Record<string, unknown>, mark: Mark): unknown {
  if (typeof value === "string") return maskedText(name, value, parent, mark);
  if ((name === "command" || name === "args") && isTexts(value)) return maskCommand(value, redactor);
  if (name === "binaryData" && parent["kind"] === "ConfigMap" && isMapping(value)) {
    return Object.fromEntries(Object.entries(value).map(([file, one]) => [file, mark("binary", String(one))]));
  }
  return masked(value, mark);
}

function maskedText(name: string, value: string, parent: Record<string, unknown>, mark: Mark): string {
  if (value === "") return value;
  // A variable of a container, a parameter: {name: DB_PASSWORD, value: ...}
  const pairName = name === "value" && typeof parent["name"] === "string" ? parent["name"] : name;
  const kind = kindOfName(pairName);
  if (kind !== undefined) return mark(kind, value);
  const manifest = value.startsWith("{") ? parsed(value) : undefined;
  if (isMapping(manifest)) return JSON.stringify(masked(manifest, mark));
  return redactor.redact(value).text;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function mapTexts(value: unknown, change: (text: string) => string): Record<string, unknown> {
  const walk = (one: unknown): unknown => {
    if (typeof one === "string") return change(one);
    if (Array.isArray(one)) return one.map(walk);
    return isMapping(one) ? Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, walk(inner)])) : one;
  };
  const walked = walk(value);
  return isMapping(walked) ? walked : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * `maskedConfig`: a backend's own configuration in YAML without what is secret in it: what stands in members with names of secrets,
 * all values of headers, users and passwords in addresses, and of an address that is itself a secret (a webhook's) all but its host.
 */
import { parse, stringify } from "yaml";
import { sensitiveName } from "../guard/redaction/names.ts";
import { isMapping } from "../is-mapping.ts";

/** What may be read of a configuration, and the text of all of it. Undefined for what is not YAML. */
export interface MaskedConfig {
  value: Record<string, unknown>;
  text: string;
}

/** @param secretUrls members whose address is a secret, such as `webhook_url` */
export function maskedConfig(yaml: string, secretUrls: ReadonlySet<string>): MaskedConfig | undefined {
  const value = parsed(yaml);
  if (!isMapping(value)) return undefined;
  const masked = masks(value, secretUrls);
  return isMapping(masked) ? { value: masked, text: stringify(masked, { lineWidth: 0 }) } : undefined;
}

/** The same for what has been read already. */
export function maskedValue(value: unknown, secretUrls: ReadonlySet<string>): unknown {
  return masks(value, secretUrls);
}

/** Without user and password, and without values of parameters that have names of secrets. What is no address stays. */
export function maskedUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const secret = [...url.searchParams.keys()].filter((name) => nameOf(name) !== undefined);
  if (url.username === "" && url.password === "" && secret.length === 0) return text;
  for (const name of secret) url.searchParams.set(name, MASK);
  const user = url.username === "" && url.password === "" ? "" : `${MASK}@`;
  const search = url.search.replaceAll(encodeURIComponent(MASK), MASK);
  return `${url.protocol}//${user}${url.host}${url.pathname}${search}${url.hash}`;
}

const MASK = "[redacted:secret]";
/** As Prometheus and Alertmanager mask themselves; it says that there is one. */
const MASKED_ALREADY = "<secret>";
const nameOf = sensitiveName({});
/** Members that hold no secret, though a word of theirs says so: they lead to one. */
const LEADS_TO_ONE = /(?:_file|_ref|_id|_url|_path|_type)$/;
/** Those that do not say it by themselves. */
const SECRET_KEYS = new Set(["key", "routing_key", "service_key", "user_key"]);
const HEADERS = new Set(["headers", "http_headers", "proxy_connect_header"]);
/** A mapping of a kind and a secret. */
const KIND_AND_SECRET = "authorization";

function masks(node: unknown, secretUrls: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return node.map((item) => masks(item, secretUrls));
  if (typeof node === "string") return maskedUrl(node);
  if (!isMapping(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => [name, member(name, value, secretUrls)] as const),
  );
}

function member(name: string, value: unknown, secretUrls: ReadonlySet<string>): unknown {
  if (value === null || value === "" || value === MASKED_ALREADY || typeof value === "boolean") return value;
  if (secretUrls.has(name)) return typeof value === "string" ? hostOf(value) : everyValue(value);
  if (HEADERS.has(name)) return everyValue(value);
  const isSecret = SECRET_KEYS.has(name) || (nameOf(name) !== undefined && !LEADS_TO_ONE.test(name));
  if (!isSecret) return masks(value, secretUrls);
  if (name === KIND_AND_SECRET && isMapping(value)) return masks(value, secretUrls);
  return isMapping(value) || Array.isArray(value) ? everyValue(value) : MASK;
}

/** Of whatever stands below, for what is secret as a whole. */
function everyValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(everyValue);
  if (!isMapping(value)) return value === MASKED_ALREADY || value === null ? value : MASK;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, everyValue(one)]));
}

function hostOf(text: string): string {
  return URL.canParse(text) ? `${new URL(text).origin}/${MASK}` : MASK;
}

function parsed(yaml: string): unknown {
  try {
    return parse(yaml, { maxAliasCount: 1000 });
  } catch {
    return undefined;
  }
}

/** How objects of Grafana are shown: secrets masked, and for comparing with marks that tell whether they change. */
import { unifiedDiff } from "../../clients/diff.ts";
import { isMapping } from "../../is-mapping.ts";
import { maskObject } from "../kubernetes/masking/mask-object.ts";
import { tellingMark } from "../mark.ts";
import { yamlText } from "../yaml-text.ts";
import { maskedUrl, maskedValue } from "../masked-config.ts";
import { maskedMembers } from "../masked-members.ts";

/** Addresses that are secrets themselves: whoever knows them may write there. */
const SECRET_URLS = new Set(["url", "webhook_url", "endpointUrl", "apiUrl", "endpoint_url"]);
/** What is secret as a whole, whatever its members are called. */
const SECRETS = new Set(["secureJsonData", "secureSettings"]);

/** Of a data source: members with names of secrets, and users and passwords in addresses. */
export function maskedSource(value: unknown): unknown {
  return withoutSecure(maskedValue(value, new Set()));
}

/** Of a contact point: also its addresses but for their hosts. */
export function maskedContact(value: unknown): unknown {
  return withoutSecure(maskedValue(value, SECRET_URLS));
}

/** Of a dashboard: also what variables with names of secrets hold. */
export function maskedDashboard(model: unknown): unknown {
  return maskedMembers(maskObject(model));
}

/** As `diff -u` of YAML; empty where nothing changes. */
export function objectDiff(name: string, before: unknown, after: unknown): string {
  const text = (value: unknown): string => (value === undefined ? "" : `${yamlText(telling(value))}\n`);
  return unifiedDiff(name, text(before), text(after))
    .map((line) => line.text)
    .join("\n");
}

function telling(value: unknown): unknown {
  return withUrls(withoutSecure(maskedMembers(maskObject(value, tellingMark), tellingMark)));
}

function withUrls(value: unknown): unknown {
  if (typeof value === "string") return maskedUrl(value);
  if (Array.isArray(value)) return value.map(withUrls);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withUrls(one)]));
}

function withoutSecure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecure);
  if (!isMapping(value)) return value;
  const entries = Object.entries(value).map(([name, one]) => {
    if (!SECRETS.has(name) || !isMapping(one)) return [name, withoutSecure(one)] as const;
    return [name, Object.fromEntries(Object.keys(one).map((key) => [key, "[redacted:secret]"]))] as const;
  });
  return Object.fromEntries(entries);
}

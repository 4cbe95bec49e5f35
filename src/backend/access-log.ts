/** What the service writes to its log: one line of JSON for each request, and for what else is worth knowing. */
import { createRedactor } from "../guard/redaction/redact.ts";

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export type WriteLine = (line: string) => void;

/** The service's own keys and refresh tokens, besides what is masked anywhere. */
const redactor = createRedactor({
  patterns: [
    { name: "api-key", pattern: "km_(?:live|test|admin)_[0-9A-Za-z]+" },
    { name: "refresh-token", pattern: "kmr_[\\w-]+" },
  ],
});

/** One request, answered. No path, query or header: they may hold codes, tokens and names. */
export interface Access {
  requestId: string;
  method: string;
  /** As the endpoint is defined, with its parameters in braces; null where there is none. */
  route: string | null;
  status: number;
  durationMs: number;
  address: string;
  customer: string | undefined;
  principal: string | undefined;
  /** Of a problem. */
  code: string | undefined;
  /** Of the body, decompressed. */
  bytes: number;
}

export function logAccess(write: WriteLine, now: number, access: Access): void {
  const line = encode(now, access.status >= 500 ? "error" : "info", "request", {
    request_id: access.requestId,
    method: access.method,
    route: access.route,
    status: access.status,
    duration_ms: Math.round(access.durationMs * 1000) / 1000,
    address: access.address,
    customer: access.customer,
    principal: access.principal,
    code: access.code,
    bytes: access.bytes,
  });
  write(line);
}

/** Secrets are masked, should there be any in a message of an error. */
export function writeLog(
  write: WriteLine,
  now: number,
  level: "debug" | "info" | "warn" | "error",
  message: string,
  fields: LogFields = {},
): void {
  write(redactor.redact(encode(now, level, message, fields)).text);
}

function encode(now: number, level: string, message: string, fields: LogFields): string {
  return `${JSON.stringify({ time: new Date(now).toISOString(), level, message, ...fields })}\n`;
}

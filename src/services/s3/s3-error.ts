/** `readS3Error`: what an answer of S3 says went wrong, and for the refusals that look alike which one it is. */
import { readXml, textAt } from "./xml.ts";

const WORDS: Record<string, string> = {
  InvalidAccessKeyId: "it does not know the access key: check access_key and endpoint in services.yaml",
  SignatureDoesNotMatch: "the secret key does not belong to the access key: check secret_key in services.yaml",
  RequestTimeTooSkewed: "the clock of this machine differs too much from that of the server: set it",
  AccessDenied: "the access key may not do this, or there is no such thing and it may not know that",
  AllAccessDisabled: "all access to it is switched off",
  AccountProblem: "there is a problem with the account",
  ExpiredToken: "the session token has expired: a new one is needed in services.yaml",
  InvalidToken: "the session token is not accepted: check session_token in services.yaml",
  NoSuchBucket: "there is no such bucket",
  NoSuchKey: "there is no object with that key",
  NoSuchVersion: "the object has no such version",
  NoSuchUpload: "there is no such upload: it was finished or aborted",
  PreconditionFailed: "there is an object with that key already, or it was changed meanwhile",
  InvalidRange: "the object ends before that range",
  MethodNotAllowed: "it cannot be done to this: it may be a mark of a deletion",
  SlowDown: "it is asked too often",
};
const ELSEWHERE = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

export function readS3Error(text: string): string | undefined {
  const error = readXml(text);
  const code = textAt(error, "Code");
  if (error?.name !== "Error" || code === undefined || !/^\w{1,100}$/.test(code)) return undefined;
  const message = textAt(error, "Message") ?? "";
  if (ELSEWHERE.has(code)) {
    const region = textAt(error, "Region") ?? /expecting '([\w-]+)'/.exec(message)?.[1];
    const endpoint = textAt(error, "Endpoint");
    const where = [region && `region ${region}`, endpoint && `endpoint ${endpoint}`].filter(Boolean).join(", ");
    return `the bucket is elsewhere: ${where === "" ? message || "check region" : `${where}: check these`} in services.yaml (${code})`;
  }
  return `${WORDS[code] ?? (message || "it refuses the request")} (${code})`;
}

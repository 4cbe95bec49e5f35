/** The credentials that can be told by their looks alone, whatever the member or variable that holds them is called. */

export interface Shape {
  /** Stands in the mask: `[redacted:github-token]`. */
  kind: string;
  /** One of these begins every match of the pattern; at least three characters. */
  keywords: string[];
  /** The keywords are lower case and found in any case. */
  anyCase?: true;
  /** The keyword may follow a letter or digit. */
  insideWord?: true;
  /**
   * Sticky, matched where a keyword was found. The first group, if there is one, is context and is kept. A repetition
   * that something must follow is bounded or excludes the keyword, so that no text takes quadratic time.
   */
  pattern: RegExp;
  /** A last look at the secret itself. */
  check?: (secret: string) => boolean;
}

export const shapes: Shape[] = [
  {
    kind: "private-key",
    keywords: ["-----BEGIN"],
    insideWord: true,
    pattern: privateKey(),
  },
  { kind: "age-secret-key", keywords: ["AGE-SECRET-KEY-1"], pattern: /AGE-SECRET-KEY-1[A-Z0-9]{50,64}/y },
  {
    kind: "jwt",
    keywords: ["eyJ"],
    pattern: /eyJ[A-Za-z0-9_-]{8,2000}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/y,
  },
  // The excluded slash is part of the keyword.
  {
    kind: "password",
    keywords: ["://"],
    insideWord: true,
    pattern: /(:\/\/[^\s/?#:@"'<>\\]*:)[^\s/?#"'<>\\]+(?=@)/y,
  },
  {
    kind: "bearer",
    keywords: ["bearer"],
    anyCase: true,
    pattern: /(bearer[ \t]{1,4})(?=[\w.~+/=-]{0,80}\d)[\w.~+/=-]{8,}/iy,
  },
  {
    kind: "basic",
    keywords: ["basic"],
    anyCase: true,
    pattern: /(basic[ \t]{1,4})[A-Za-z0-9+/]{4,}={0,2}/iy,
    check: isUserAndPassword,
  },
  {
    kind: "km-api-key",
    keywords: ["km_live_", "km_test_", "km_admin_"],
    pattern: /km_(?:live|test|admin)_[0-9A-Za-z]{32,}/y,
  },
  { kind: "km-refresh-token", keywords: ["kmr_"], pattern: /kmr_[\w-]{40,}/y },
  { kind: "aws-access-key", keywords: ["AKIA", "ASIA"], pattern: /A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])/y },
  {
    kind: "github-token",
    keywords: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    pattern: /gh[pousr]_[A-Za-z0-9_]{36,}/y,
  },
  { kind: "github-token", keywords: ["github_pat_"], pattern: /github_pat_[A-Za-z0-9_]{22,}/y },
  { kind: "gitlab-token", keywords: ["glpat-"], pattern: /glpat-[\w-]{20,}/y },
  { kind: "slack-token", keywords: ["xox"], pattern: /xox[abceoprs]-[\w-]{10,}/y },
  { kind: "slack-token", keywords: ["xapp-"], pattern: /xapp-\d-[\w-]{10,}/y },
  {
    kind: "slack-webhook",
    keywords: ["hooks.slack.com"],
    pattern: /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{20,}/y,
  },
  {
    kind: "discord-webhook",
    keywords: ["discord"],
    pattern: /(discord(?:app)?\.com\/api\/webhooks\/\d{5,25}\/)[\w-]{40,}/y,
  },
  {
    kind: "stripe-key",
    keywords: ["sk_live_", "rk_live_", "sk_test_", "rk_test_"],
    pattern: /[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/y,
  },
  { kind: "anthropic-key", keywords: ["sk-ant-"], pattern: /sk-ant-[\w-]{20,}/y },
  {
    kind: "openai-key",
    keywords: ["sk-"],
    pattern: /sk-(?!ant-)(?:(?:proj|svcacct|admin|or-v1)-[\w-]{20,}|[A-Za-z0-9]{32,})/y,
  },
  { kind: "google-api-key", keywords: ["AIza"], pattern: /AIza[\w-]{35}/y },
  { kind: "google-token", keywords: ["ya29."], pattern: /ya29\.[\w-]{20,}/y },
  { kind: "google-client-secret", keywords: ["GOCSPX-"], pattern: /GOCSPX-[\w-]{20,}/y },
  { kind: "npm-token", keywords: ["npm_"], pattern: /npm_[A-Za-z0-9]{36}/y },
  { kind: "pypi-token", keywords: ["pypi-AgE"], pattern: /pypi-AgE[\w-]{50,}/y },
  { kind: "huggingface-token", keywords: ["hf_"], pattern: /hf_[A-Za-z0-9]{30,}/y },
  {
    kind: "digitalocean-token",
    keywords: ["dop_v1_", "doo_v1_", "dor_v1_"],
    pattern: /do[opr]_v1_[a-f0-9]{64}/y,
  },
  { kind: "sendgrid-key", keywords: ["SG."], pattern: /SG\.[\w-]{16,32}\.[\w-]{16,64}/y },
  { kind: "twilio-key", keywords: ["twilio"], anyCase: true, pattern: /(twilio[^]{0,80}?\b)SK[a-f0-9]{32}\b/iy },
  {
    kind: "telegram-token",
    keywords: Array.from("0123456789", (digit) => `${digit}:AA`),
    insideWord: true,
    pattern: /((?<=\b(?:bot)?\d{7,9})\d:)AA[\w-]{33}(?![\w-])/y,
  },
  { kind: "azure-storage-key", keywords: ["AccountKey="], pattern: /(AccountKey=)[A-Za-z0-9+/]{40,}={0,2}/y },
  { kind: "azure-signature", keywords: ["sig="], pattern: /(sig=)[A-Za-z0-9%+/]{40,}={0,2}/y },
  { kind: "databricks-token", keywords: ["dapi"], pattern: /dapi[a-f0-9]{32}/y },
  {
    kind: "shopify-token",
    keywords: ["shpat_", "shpca_", "shppa_", "shpss_"],
    pattern: /shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}/y,
  },
  { kind: "linear-key", keywords: ["lin_api_"], pattern: /lin_api_[A-Za-z0-9]{32,}/y },
  { kind: "notion-token", keywords: ["secret_"], pattern: /secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])/y },
  { kind: "notion-token", keywords: ["ntn_"], pattern: /ntn_[A-Za-z0-9]{40,}/y },
  { kind: "doppler-token", keywords: ["dp."], pattern: /dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}/y },
  { kind: "vault-token", keywords: ["hvs.", "hvb.", "hvr."], pattern: /hv[sbr]\.[\w-]{24,}/y },
];

/** Tells `Basic dXNlcjpwYXNz` from "basic authentication": the credential decodes to printable text with a colon. */
function isUserAndPassword(secret: string): boolean {
  return /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(secret, "base64").toString("latin1"));
}

/**
 * A PEM block. Its end may be missing and its line ends may be written `\n`; at least one line of base64 must follow the
 * beginning, or prose about keys would match.
 */
function privateKey(): RegExp {
  const lineEnd = String.raw`(?:[\r\n]|\\+[nr])`;
  const gap = String.raw`(?:\s|\\+[nr])`;
  const begin = "-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----";
  const headers = `(?:${gap}+[A-Za-z-]{4,20}: [^\\r\\n\\\\]{0,100})*`;
  const body = `${gap}*[A-Za-z0-9+/]{16,}(?:${gap}+[A-Za-z0-9+/]{16,})*`;
  const lastLine = `(?:${gap}+[A-Za-z0-9+/]{1,15}(?==))?={0,2}`;
  const end = `${gap}*[A-Za-z0-9+/=]{0,80}${gap}*-----END [A-Z0-9 ]{0,48}-----`;
  const cut = `${lineEnd}*[A-Za-z0-9+/=]{0,80}$`;
  return new RegExp(`${begin}${headers}${body}${lastLine}(?:${end}|${cut})?`, "y");
}

/** The credentials that can be told by their looks alone, whatever the member or variable that holds them is called. */
import { endOfPrivateKey } from "./private-key.ts";
import { isUserAndPassword, isWords } from "./values.ts";

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
   * that something must follow is bounded or excludes the keyword, so that no text takes quadratic time. Or a function
   * that gives the end of a match, where a regular expression would give up on a long one.
   */
  pattern: RegExp | ((text: string, start: number) => number | undefined);
  /**
   * Sticky. Where the pattern has not matched, it does not either at the keywords in the rest of this run: they need not
   * be tried, which for a pattern that reads far takes quadratic time.
   */
  run?: RegExp;
  /** One of these words stands before the keyword, in the same command. */
  behind?: string[];
  /** These words are a part of every match, so that a text without them needs no closer look. */
  beside?: string[];
  /** A last look at the secret itself. */
  check?: (secret: string) => boolean;
}

export const shapes: Shape[] = [
  {
    kind: "private-key",
    keywords: ["-----BEGIN"],
    insideWord: true,
    pattern: endOfPrivateKey,
  },
  { kind: "age-secret-key", keywords: ["AGE-SECRET-KEY-1"], pattern: /AGE-SECRET-KEY-1[A-Z0-9]{50,64}/y },
  {
    kind: "jwt",
    keywords: ["eyJ"],
    // Signed: the payload is JSON too. Encrypted: five parts, of which the second may be empty.
    pattern: /eyJ[\w-]{8,}\.(?:eyJ[\w-]{8,}|[\w-]*\.[\w-]{8,}\.[\w-]+\.[\w-]{8,})(?:\.[\w-]*)*/y,
    run: /[\w-]+/y,
  },
  // The excluded slash is part of the keyword. A user may be an address of mail.
  {
    kind: "password",
    keywords: ["://"],
    insideWord: true,
    pattern: /(:\/\/[^\s/?#:"'<>\\]*:)[^\s/?#"'<>\\]+(?=@)/y,
  },
  {
    kind: "token",
    keywords: ["://"],
    insideWord: true,
    pattern: /((?<=\bhttps?):\/\/)[\w~%+-]{20,}(?=@)/y,
    check: (user) => /\d.*\d/.test(user.slice(0, 300)) && !isWords(user) && !UUID.test(user),
  },
  {
    kind: "password",
    keywords: ["-u ", "--user"],
    insideWord: true,
    behind: ["curl"],
    pattern: /(-(?:u|-user)[ =][ \t]{0,4}["']?[^\s:"'`$]{1,80}:)[^\s"'`|;]+/y,
  },
  {
    kind: "password",
    keywords: [" -p"],
    insideWord: true,
    behind: ["mysql", "mariadb"],
    pattern: /( -p["']?)(?!\d{1,5}:)[^\s"'`$|;&<>]{3,}/y,
  },
  { kind: "password", keywords: ["sshpass"], pattern: /(sshpass[ \t]{1,4}-p[ \t]{0,4}["']?)(?!\$)[^\s"'`]+/y },
  // A line of .netrc, which may be broken at each blank.
  {
    kind: "password",
    keywords: ["machine"],
    beside: ["login", "password"],
    pattern: /(machine\s{1,8}[\w.:-]{1,253}\s{1,8}login\s{1,8}\S{1,200}\s{1,8}password\s{1,8})\S+/y,
  },
  {
    kind: "bearer",
    keywords: ["Bearer"],
    pattern: /(Bearer[ \t]{1,4})(?=[\w.~+/=-]{0,80}\d)[\w.~+/=-]{8,}/y,
  },
  {
    kind: "bearer",
    keywords: ["bearer"],
    anyCase: true,
    pattern: /(bearer[ \t]{1,4})(?=[\w.~+/=-]{0,80}\d)[\w.~+/=-]{8,}/iy,
    check: (token) => token.length >= 20 || !isWords(token) || /[a-z][A-Z]|[A-Z]{2}[a-z]|[~+=]/.test(token),
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
  {
    kind: "gitlab-token",
    keywords: "glpat- gldt- glrt- glrtr- glptt- glcbt- glft- glimt- glagent- gloas- glsoat- glffct- glwt-".split(" "),
    pattern: /gl(?:pat|dt|rtr?|ptt|cbt|ft|imt|agent|oas|soat|ffct|wt)-[\w-]{20,}(?:\.[\w-]+)*/y,
  },
  { kind: "gitlab-token", keywords: ["GR1348941"], pattern: /GR1348941[\w-]{20,}/y },
  {
    kind: "slack-token",
    keywords: ["xox"],
    pattern: /xox(?:[abcdeoprs]-(?=[\w%-]{0,40}\d)|[abceprs]-(?=[A-Za-z]{16}))[\w%-]{10,}/y,
  },
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
  // The number of a bot in base64, when it was made, and a signature.
  {
    kind: "discord-token",
    keywords: Array.from({ length: 90 }, (_, i) =>
      Buffer.from(String(i + 10))
        .toString("base64")
        .slice(0, 3),
    ),
    pattern: /[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,45}(?![\w-])/y,
    check: (token) => /^\d{17,20}$/.test(Buffer.from(token.slice(0, token.indexOf(".")), "base64").toString("latin1")),
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
  { kind: "groq-key", keywords: ["gsk_"], pattern: /gsk_[A-Za-z0-9]{40,}/y },
  { kind: "xai-key", keywords: ["xai-"], pattern: /xai-[A-Za-z0-9]{60,}/y },
  { kind: "perplexity-key", keywords: ["pplx-"], pattern: /pplx-[A-Za-z0-9]{40,}/y },
  { kind: "tavily-key", keywords: ["tvly-"], pattern: /tvly-(?=[\w-]{0,40}\d)[\w-]{24,}/y },
  { kind: "replicate-token", keywords: ["r8_"], pattern: /r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/y },
  { kind: "google-api-key", keywords: ["AIza"], pattern: /AIza[\w-]{35}/y },
  { kind: "google-token", keywords: ["ya29."], pattern: /ya29\.[\w-]{20,}/y },
  { kind: "google-client-secret", keywords: ["GOCSPX-"], pattern: /GOCSPX-[\w-]{20,}/y },
  { kind: "npm-token", keywords: ["npm_"], pattern: /npm_[A-Za-z0-9]{36}/y },
  { kind: "rubygems-key", keywords: ["rubygems_"], pattern: /rubygems_[a-f0-9]{48}/y },
  { kind: "docker-token", keywords: ["dckr_pat_", "dckr_oat_"], pattern: /dckr_[po]at_[\w-]{27,}/y },
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
  {
    kind: "url-signature",
    keywords: ["X-Amz-Signature=", "X-Goog-Signature="],
    pattern: /(X-(?:Amz|Goog)-Signature=)[A-Fa-f0-9]{64,}/y,
  },
  { kind: "databricks-token", keywords: ["dapi"], pattern: /dapi[a-f0-9]{32}/y },
  {
    kind: "shopify-token",
    keywords: ["shpat_", "shpca_", "shppa_", "shpss_"],
    pattern: /shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}/y,
  },
  { kind: "square-secret", keywords: ["sq0csp-"], pattern: /sq0csp-[\w-]{40,}/y },
  { kind: "webhook-secret", keywords: ["whsec_"], pattern: /whsec_[A-Za-z0-9+/]{24,}={0,2}/y },
  { kind: "atlassian-token", keywords: ["ATATT3", "ATCTT3"], pattern: /AT[AC]TT3[\w=-]{50,}/y },
  { kind: "figma-token", keywords: ["figd_"], pattern: /figd_[\w-]{36,}/y },
  { kind: "supabase-key", keywords: ["sbp_"], pattern: /sbp_[a-f0-9]{40}/y },
  { kind: "supabase-key", keywords: ["sb_secret_"], pattern: /sb_secret_[\w-]{30,}/y },
  { kind: "planetscale-key", keywords: ["pscale_"], pattern: /pscale_(?:tkn|oauth|pw)_[\w.-]{30,}/y },
  { kind: "new-relic-key", keywords: ["NRAK-"], pattern: /NRAK-[A-Z0-9]{27}/y },
  { kind: "postman-key", keywords: ["PMAK-"], pattern: /PMAK-[a-f0-9]{24}-[a-f0-9]{34}/y },
  { kind: "sentry-token", keywords: ["sntrys_", "sntryu_"], pattern: /sntry[su]_[\w+/=-]{40,}/y },
  { kind: "grafana-token", keywords: ["glsa_"], pattern: /glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}/y },
  { kind: "linear-key", keywords: ["lin_api_"], pattern: /lin_api_[A-Za-z0-9]{32,}/y },
  { kind: "notion-token", keywords: ["secret_"], pattern: /secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])/y },
  { kind: "notion-token", keywords: ["ntn_"], pattern: /ntn_[A-Za-z0-9]{40,}/y },
  { kind: "doppler-token", keywords: ["dp."], pattern: /dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}/y },
  { kind: "vault-token", keywords: ["hvs.", "hvb.", "hvr."], pattern: /hv[sbr]\.[\w-]{24,}/y },
];

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

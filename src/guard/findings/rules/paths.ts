/** `pathRules`: arguments that reach files which the call has no business with. */
import { decodedValue, MAX_VALUE, usageOf } from "../argument-text.ts";
import { around } from "../evidence.ts";
import { eachText, type Rule, type Subject } from "../rule.ts";

export const pathRules: readonly Rule[] = [
  {
    id: "sensitive-file",
    severity: "high",
    title: "Reaches for a file that holds secrets",
    owasp: "MCP01",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (usage === "prose" || usage === "code") return undefined;
      const value = decodedValue(text.text.slice(0, MAX_VALUE));
      const match = SENSITIVE.exec(value);
      if (match === null) return undefined;
      // `id_rsa` may be the name of anything, unless it is one of a file.
      if (usage === "name" && !/[/\\]/.test(value) && !value.startsWith(".")) return undefined;
      return { evidence: around(value, match.index, match.index + match[0].length) };
    }),
  },
  {
    id: "path-traversal",
    severity: "high",
    title: "Has a path that climbs out of its folder",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (!["path", "name", "address"].includes(usage) || text.text.length > MAX_VALUE) return undefined;
      const path = decodedValue(text.text);
      if (path.includes("\0")) return { evidence: text.text };
      if (!path.includes("..")) return undefined;
      const isEncoded = TWISTED_CLIMB.test(path) || (CLIMB.test(path) && !CLIMB.test(text.text));
      const climb = climbOf(path);
      const far = climb >= 3 || (climb >= 1 && /(?:^|[/\\])(?:etc|root|windows|proc|var)[/\\]/i.test(path));
      return isEncoded || far ? { evidence: text.text } : undefined;
    }),
  },
  {
    id: "path-outside-roots",
    severity: "medium",
    title: "Has a path outside the folders that the client has opened",
    owasp: "MCP02",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const roots = rootsOf(subject);
      if (roots.length === 0 || text.text.length > MAX_VALUE || usageOf(text, subject) !== "path") return undefined;
      const path = absolute(text.text, subject, roots[0] ?? "/");
      if (path === undefined || !OF_A_FILE_SYSTEM.test(path) || TEMPORARY.test(path)) return undefined;
      const isInside = roots.some((root) => path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`));
      return isInside ? undefined : { evidence: `${text.text} is outside ${roots.join(", ")}` };
    }),
  },
];

const SENSITIVE =
  /(?:^|[\s/\\~"'=:@<])(?:\.ssh(?:[/\\]|$)|\.gnupg(?:[/\\]|$)|\.aws[/\\](?:credentials|config)\b|\.(?:netrc|pgpass|git-credentials|npmrc|pypirc|my\.cnf|htpasswd)\b|\.docker[/\\]config\.json|\.kube[/\\]config\b|\.config[/\\](?:gcloud|gh|op|solana)(?:[/\\]|$)|\.azure[/\\]|\.(?:bash|zsh|python|psql|mysql|node_repl)_history\b|\.env(?:\.(?!example|sample|template|dist|defaults?|test\b)[\w-]{1,30})?(?=$|["'\s;|&)>])|\.cursor[/\\]mcp\.json|\.mcp\.json|\.claude\.json|\.password-store|\.vault-token|\.terraform\.d[/\\]credentials|\.(?:s3cfg|boto|databrickscfg|kaggle[/\\]kaggle\.json|huggingface[/\\]token|oci[/\\]config|aliyun[/\\]config\.json|cargo[/\\]credentials|gem[/\\]credentials|m2[/\\]settings\.xml|codex[/\\]auth\.json|gemini[/\\]oauth_creds\.json|electrum|ethereum[/\\]keystore)(?:\b|$)|\.config[/\\](?:rclone|sops|hub|doctl|fly|1Password)(?:[/\\]|$))|(?:^|[/\\])_netrc$|wp-config\.php|NTUSER\.DAT|Microsoft[/\\](?:Credentials|Protect|Vault)(?:[/\\]|$)|[/\\]keyrings[/\\]|\/dev\/k?mem\b|\/etc\/(?:master\.passwd|security\/opasswd|kubernetes\/\w{1,20}\.conf)|[/\\]repair[/\\](?:SAM|SYSTEM)$|\.streamlit[/\\]secrets\.toml|claude_desktop_config\.json|(?:^|[/\\])id_(?:rsa|dsa|ecdsa|ed25519)(?=$|[\s"';|&])|\/etc\/(?:passwd|shadow|gshadow|sudoers|ssl\/private|krb5\.keytab)\b|\/proc\/(?:self|\d{1,9}|1)\/(?:environ|mem|cmdline|maps|fd)\b|\/var\/run\/(?:docker\.sock|secrets)|\/run\/secrets\b|docker\.sock\b|(?:^|[/\\])(?:Login Data|Local State|Cookies|key[34]\.db|logins\.json|cookies\.sqlite|login\.keychain(?:-db)?|wallet\.dat|NTDS\.dit|terraform\.tfstate|credentials\.db)$|Library\/Keychains|[/\\]config[/\\](?:SAM|SYSTEM|SECURITY)$|system32[/\\]config|(?:^|[/\\])[\w.-]{0,60}(?:service[-_]?account|client_secret)[\w.-]{0,60}\.json$|(?:^|[/\\])(?:private|server|client|tls|ssl)[-_.]?key\.(?:pem|key|der)$|\.(?:p12|pfx|kdbx|keystore|jks|ppk)$/i;

const CLIMB = /\.\.[/\\]/;
/** What is left of these when a filter has taken out what it looks for. */
const TWISTED_CLIMB = /\.{4,}\/\/|\.\.;[/\\]|\.\.\.[/\\]\.[/\\]/;

/** How far it goes above where it begins. */
function climbOf(path: string): number {
  let level = 0;
  let lowest = 0;
  const isAbsolute = /^(?:[/\\~]|[A-Za-z]:|\w{1,20}:\/\/)/.test(path);
  for (const part of path.replace(/^\w{1,20}:\/\//, "").split(/[/\\]/)) {
    if (part === "..") level--;
    else if (part !== "" && part !== ".") level++;
    lowest = Math.min(lowest, level);
  }
  // Of an absolute one that is more than it has parts; many of them are written to be sure to reach the top.
  return isAbsolute && lowest === 0 ? (path.split("..").length > 4 ? 3 : 0) : -lowest;
}

const OF_A_FILE_SYSTEM =
  /^(?:[A-Za-z]:(?:\/|$)|\/(?:bin|boot|dev|etc|home|lib\w{0,4}|media|mnt|opt|private|proc|root|run|sbin|srv|sys|tmp|usr|var|Applications|Library|System|Users|Volumes|workspace|workspaces|data|app|code|projects?)(?:\/|$))/;
const TEMPORARY = /^(?:\/private)?\/(?:tmp|var\/folders|var\/tmp|dev\/(?:null|stdin|stdout|stderr|shm))(?:\/|$)/;

function rootsOf({ roots = [], home }: Subject): string[] {
  return roots.map((root) => normalized(expand(pathOfUrl(root), home))).filter((root) => root !== "");
}

/** Undefined for what is not a path of a file system. */
function absolute(text: string, { home }: Subject, base: string): string | undefined {
  if (/^(?!file:)[a-z][\w+.-]{1,20}:\/\//i.test(text)) return undefined;
  const path = expand(pathOfUrl(text), home).replaceAll("\\", "/");
  if (path.startsWith("~")) return undefined;
  return normalized(/^(?:\/|[A-Za-z]:)/.test(path) ? path : `${base}/${path}`);
}

function pathOfUrl(text: string): string {
  if (!/^file:/i.test(text)) return text;
  try {
    return decodeURIComponent(new URL(text).pathname).replace(/^\/(?=[A-Za-z]:)/, "");
  } catch {
    return text;
  }
}

function expand(path: string, home: string | undefined): string {
  return home === undefined ? path : path.replace(/^(?:~|\$HOME|\$\{HOME\})(?=$|[/\\])/, () => home);
}

function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.replaceAll("\\", "/").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return /^[A-Za-z]:/.test(path) ? parts.join("/") : `/${parts.join("/")}`;
}

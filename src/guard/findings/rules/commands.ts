/** `commandRules`: arguments that end in a shell, a database or a template engine. */
import { decodedValue, MAX_VALUE, type Usage, usageOf } from "../argument-text.ts";
import { around } from "../evidence.ts";
import { eachText, type Rule } from "../rule.ts";

export const commandRules: readonly Rule[] = [
  {
    id: "shell-injection",
    severity: "high",
    title: "Has a command of a shell where a name, a path or an address belongs",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      if (text.text.length > MAX_VALUE) return undefined;
      const usage = usageOf(text, subject);
      // A query of an address has ampersands as escapes.
      const value = usage === "address" ? text.text : decodedValue(text.text);
      if (!/[;|&`$\n<>(]/.test(value)) return undefined;
      const match = INJECTED[usage]?.exec(value) ?? null;
      return match === null ? undefined : { evidence: around(value, match.index, match.index + match[0].length, 160) };
    }),
  },
  {
    id: "dangerous-command",
    severity: "high",
    title: "Has a command that destroys, opens the machine to others or runs what it downloads",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (usage === "code" || usage === "prose" || usage === "query") return undefined;
      const command = text.text.slice(0, 20 * MAX_VALUE);
      const match = DANGEROUS.exec(command) ?? DANGEROUS_TOO.exec(command);
      return match === null ? undefined : { evidence: around(text.text, match.index, match.index + match[0].length) };
    }),
  },
  {
    id: "destructive-sql",
    severity: "high",
    title: "Has a statement that destroys data or changes who may see it",
    owasp: "MCP02",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      if (usageOf(text, subject) !== "query") return undefined;
      const sql = withoutComments(text.text.slice(0, 20 * MAX_VALUE));
      const match = DESTRUCTIVE_SQL.exec(sql) ?? STACKED_SQL.exec(sql);
      return match === null ? undefined : { evidence: around(text.text, 0, 300) };
    }),
  },
  {
    id: "sql-injection",
    severity: "high",
    title: "Has a piece of SQL where a plain value belongs",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (text.text.length > MAX_VALUE || usage === "query" || usage === "code" || usage === "command")
        return undefined;
      const match = INJECTED_SQL.exec(text.text);
      // Who writes about SQL writes whole statements; what is injected goes on with one that is not there.
      if (match !== null && usage === "prose" && STATEMENT.test(text.text.slice(0, match.index))) return undefined;
      return match === null ? undefined : { evidence: around(text.text, match.index, match.index + match[0].length) };
    }),
  },
  {
    id: "template-injection",
    severity: "medium",
    title: "Has an expression that a template engine would execute",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      const isPlain = usage === "name" || usage === "path" || usage === "address" || usage === "prose";
      if (text.text.length > MAX_VALUE || !isPlain) return undefined;
      const match = TEMPLATE.exec(text.text);
      return match === null ? undefined : { evidence: around(text.text, match.index, match.index + match[0].length) };
    }),
  },
  {
    id: "encoded-argument",
    severity: "low",
    title: "Has a long encoded value where a name, a path or an address belongs",
    owasp: "MCP10",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (!["name", "path", "address", "command"].includes(usage) || text.text.startsWith("data:")) return undefined;
      if (
        /image|audio|blob|base64|file|data|attachment|signature|hash|cursor|token|thumbnail|screenshot/i.test(
          text.member,
        )
      )
        return undefined;
      const match = ENCODED.exec(text.text);
      if (match === null || !/\d/.test(match[0]) || !/[A-Z]/.test(match[0]) || !/[a-z]/.test(match[0]))
        return undefined;
      return { evidence: around(text.text, match.index, match.index + match[0].length) };
    }),
  },
];

const PROGRAM =
  "(?:rm|curl|wget|nc|ncat|netcat|telnet|ssh|scp|cat|tac|head|tail|less|more|ls|dir|id|whoami|uname|hostname|ifconfig|ipconfig|ping|nslookup|dig|host|env|printenv|set|export|echo|printf|touch|mkdir|mv|cp|chmod|chown|kill|killall|shutdown|reboot|sleep|bash|sh|zsh|dash|ksh|fish|python3?|perl|ruby|node|php|lua|powershell|pwsh|cmd(?:\\.exe)?|type|certutil|base64|xxd|tar|zip|dd|mkfs|crontab|at|nohup|sudo|su|eval|exec|source|find|grep|awk|sed|xargs|tee|open|calc(?:\\.exe)?|xcalc|ps|netstat|docker|kubectl|git|npm|npx|pip|apt|yum|brew|useradd|passwd|mysql|psql|socat|busybox|start|net|reg|del|format)";
const PATH_OF = "(?:/(?:usr/)?(?:local/)?s?bin/)?";
/** Behind what ends or begins a command. */
const CHAINED = `(?:;|&&|\\|\\|?|&|\\n|\\r|%0a|%3b)\\s{0,8}${PATH_OF}${PROGRAM}(?=$|[\\s;|&<>$"'\`#/)-])`;
const SUBSTITUTED = `\\$\\(\\s{0,8}(?:<|${PATH_OF}[a-z])|\`\\s{0,8}${PATH_OF}${PROGRAM}\\b[^\`\\n]{0,200}\`|[<>]\\(\\s{0,8}${PROGRAM}\\b|\\$\\{IFS\\}|\\$IFS\\b`;
/** Written so that nobody who looks for the name of a program finds it. */
const TWISTED =
  "(?:;|&&|\\|\\|?|&|\\n)\\s{0,8}(?:\\w{1,12}(?:''|\"\"|\\\\\\w|\\$@)\\w{0,12}|\\{\\w{1,12},|\\$0\\b|\\$\\{?[A-Z@*]|/(?:usr/)?s?bin/)";
const ELSEWHERE =
  "(?:^|\\s)>{1,2}\\s{0,4}(?:/(?!dev/null)|~/)|\\$\\(\\(|\\bos\\.(?:system|popen)\\s?\\(|\\bsubprocess\\.(?:run|call|popen|check_output)\\b|__import__\\s?\\(|\\bgetRuntime\\s?\\(|\\bchild_process\\b";
const ANYWHERE = new RegExp(`${CHAINED}|${SUBSTITUTED}|${TWISTED}|${ELSEWHERE}`, "i");
/** Prose may have pipes, ampersands and code; of this it has nothing. */
const UNMISTAKABLE = new RegExp(
  `(?:;|&&|\\|\\|?)\\s{0,4}(?:rm -|curl (?:-|http)|wget (?:-|http)|nc -|bash -|sh -|cat /|cat ~|chmod \\+|powershell -|touch /|sudo |python3? -c|whoami\\s{0,4}(?:$|[;|&#])|id\\s{0,4}(?:$|[;|&#]))|^[^\\n]{0,200}\\$\\((?:curl|wget|cat|id|whoami|env|rm|bash|sh|nc|ls|uname|touch|sleep)\\b[^\\n)]{0,200}\\)[^\\n]{0,200}$`,
  "i",
);
const INJECTED: Partial<Record<Usage, RegExp>> = {
  path: ANYWHERE,
  name: ANYWHERE,
  address: new RegExp(
    `[;|\`\\n]\\s{0,8}${PATH_OF}${PROGRAM}(?=$|[\\s;|&<>$"'\`])|&&\\s{0,8}${PROGRAM}\\b|${SUBSTITUTED}`,
    "i",
  ),
  prose: UNMISTAKABLE,
};

const DANGEROUS =
  /\brm\s+(?:-\w{1,8}\s+){0,4}(?:-\w*[rf]\w{0,6}|--recursive|--force|--no-preserve-root)\s+(?:-\S{1,24}\s+){0,3}["']?(?:\/(?:\s|$|\*|;|&|["'])|\/(?:etc|usr|var|home|bin|boot|lib|root|opt|sys|dev|Users|Library)\/?(?:\*|\s|$|;|["'])|~\/?(?:\s|$|\*|;|["'])|\$HOME\/?(?:\s|$|\*|["'])|\*(?:\s|$)|\.\.?\/?(?:\*)?(?:\s|$))|\bmkfs(?:\.\w{2,6})?\s+\/?\w|\bdd\s[^\n]{0,80}of=\/dev\/(?:sd|nvme|hd|vd|disk|mmc)|>\s?\/dev\/(?:sd|nvme|hd|vd|disk)\w|:\(\)\s?\{\s?:\|:&\s?\};:|\b(?:curl|wget|fetch)\s[^\n|]{1,300}\|\s{0,4}(?:sudo\s+)?(?:env\s+)?(?:ba|z|da|k)?sh\b|\b(?:curl|wget)\s[^\n|]{1,300}\|\s{0,4}(?:sudo\s+)?(?:python3?|perl|ruby|node|php)\b|\b(?:ba)?sh\s+<\(\s?(?:curl|wget)|\beval\s+["']?\$\((?:curl|wget)|\bbase64\s+(?:-d|--decode|-D)[^\n|]{0,80}\|\s{0,4}(?:sudo\s+)?(?:ba|z)?sh\b|\/dev\/(?:tcp|udp)\/[\w.]{1,80}\/\d|\b(?:nc|ncat|netcat)\s[^\n]{0,80}-\w{0,6}e\s|\bmkfifo\s[^\n]{0,120}\bnc\b|\bchmod\s+(?:-R\s+)?(?:777|a\+rwx)\s+\/(?:\s|$|etc|usr|var|home)|\bchmod\s+(?:u\+s|[24]7\d\d)\s|\bpowershell[^\n]{0,80}\s-(?:e|en|enc|encodedcommand)\s+[A-Za-z0-9+/]{20}|\bIEX\s?\(?\s?(?:\(?New-Object|iwr|Invoke-WebRequest)|DownloadString\(|\b(?:curl|wget)\s[^\n]{0,200}(?:-d|--data(?:-binary|-raw)?|-F|-T|--upload-file|--post-file)[= ]?["']?(?:@|\w{1,20}=@)?["']?(?:~|\/etc\/|\/home\/|\/root\/|\$HOME)|\b(?:env|printenv|cat\s[^\n|]{1,100})\s{0,4}\|\s{0,4}(?:base64\s[^\n|]{0,20}\|\s{0,4})?(?:curl|wget|nc|ncat)\b|\bcurl\s[^\n]{0,200}\$\((?:cat|env|printenv|base64)\b|\bcrontab\s+-r\b|\bhistory\s+-c\b|\buserdel\s|\biptables\s+-F\b|\bsetenforce\s+0|\bvssadmin\s+delete|\bwevtutil\s+cl\b|\bcipher\s+\/w|\bformat\s+[a-z]:|\bdel\s+\/[fsq]\s[^\n]{0,60}[a-z]:\\|\brd\s+\/s\s+\/q\s+[a-z]:\\|\bshred\s+(?:-\w{1,8}\s+){0,4}\/|>>\s?(?:~|\/root|\/home\/[\w.-]{1,32})\/\.(?:ssh\/authorized_keys|bashrc|zshrc|profile|bash_profile)|\bgit\s+push\s[^\n]{0,80}--force\b[^\n]{0,40}\b(?:main|master)\b|\bkubectl\s+delete\s+(?:ns|namespace|all|--all|pv|pvc|node)\b|\bterraform\s+destroy\b[^\n]{0,60}-auto-approve|\baws\s+s3\s+(?:rb|rm)\s[^\n]{0,80}(?:--force|--recursive)|\bdocker\s+run\s[^\n]{0,120}(?:--privileged|-v\s?\/:)/i;

/** Of Windows, of accounts and logs, of shells that call home, of miners. */
const DANGEROUS_TOO =
  /\b(?:powershell|pwsh)(?:\.exe)?\s[^\n]{0,200}?-e(?:nc|ncodedcommand)?\s{1,4}[A-Za-z0-9+/=]{8}|\bRemove-Item\s[^\n]{0,100}?-Recurse[^\n]{0,100}?(?:[A-Z]:\\?(?:\s|$|\*|Windows|Users)|\$HOME|\$env:)|\bfind\s{1,4}(?:\/|~)\s[^\n]{0,200}?-(?:delete\b|exec\s{1,4}rm\b)|\bkill\s{1,4}-9\s{1,4}-1\b|\b(?:shutdown|poweroff|halt|reboot)\s{0,4}(?:-\w|\/[srf]|now|$)|\buseradd\s[^\n]{0,100}?-u\s{0,2}0\b|\bnet\s{1,4}(?:user|localgroup)\s[^\n]{1,100}?\/add\b|\bcertutil\s[^\n]{0,100}?-urlcache\b|\b(?:mshta|rundll32)\s[^\n]{0,60}?(?:https?:|javascript:)|\bregsvr32\s[^\n]{0,100}?\/i:http|\bbitsadmin\s[^\n]{0,100}?\/transfer\b|\bsocat\s[^\n]{0,200}?exec:|\bsocket\b[^\n]{0,400}?(?:\bdup2\b|\bpty\.spawn\b|\bsubprocess\b|exec\s?\(["']\/bin\/)|\buse Socket\b[^\n]{0,400}?\bexec\b|\bfsockopen\s?\([^\n]{0,200}?\bexec\s?\(|\b(?:ufw|auditctl)\s{1,4}(?:disable|-e\s?0)\b|\bsystemctl\s{1,4}(?:stop|disable|mask)\s[^\n]{0,60}?(?:firewalld|auditd|ufw|fail2ban|rsyslog)|(?:^|[^>])>{1,2}\s{0,4}\/etc\/\w|\btruncate\s[^\n]{0,60}?\/var\/log\b|\brm\s[^\n]{0,60}?\/var\/log\b|\b(?:xmrig|minerd|cpuminer)\b|\bstratum\+tcp:|\bdrop\s{1,4}(?:database|schema)\s{1,4}\w|\bwevtutil\s{1,4}cl\b|\bbcdedit\s[^\n]{0,60}?\/set\b|\bcipher\s{1,4}\/w:/i;

const STACKED_SQL =
  /^\s{0,40}(?:select|with|show|explain)\b[^;]{0,4000};\s{0,40}(?:update|insert|delete|drop|alter|create|grant|exec|call|merge|replace|set)\s/i;

const DESTRUCTIVE_SQL =
  /\bdrop\s+(?:table|database|schema|view|index|user|role|function|trigger|column)\b|\btruncate\s+(?:table\s+)?["\w`[]|\bdelete\s+from\s+["`[\]\w.]{1,200}\s*(?:as\s+\w{1,60}\s*)?(?:;|$|where\s+(?:1\s*=\s*1|true|'1'\s*=\s*'1'))|\bupdate\s+["`[\]\w.]{1,200}\s+set\s(?:(?!\bwhere\b)[^;]){1,2000}(?:;|$)|\balter\s+(?:table\s+["`[\]\w.]{1,200}\s+drop|user|role)\b|\b(?:grant|revoke)\s[^;]{1,200}\s(?:to|from)\s|\bcopy\s[^;]{1,500}\b(?:to|from)\s+program\b|\binto\s+(?:outfile|dumpfile)\b|\bload_file\s*\(|\bxp_cmdshell\b|\blo_(?:import|export)\s*\(|\bpg_read_(?:binary_)?file\s*\(|\battach\s+database\b|\bload_extension\s*\(|\bcreate\s+(?:user|role|login)\b|\bsleep\s*\(\s*\d{2}|\bpg_sleep\s*\(|\bbenchmark\s*\(\s*\d{5}/i;

/** Without what a comment or a string says. */
function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]{0,2000}|\/\*(?!!)(?:[^*]|\*(?!\/)){0,2000}\*\/|'(?:[^']|''){0,4000}'/g, (part) => {
    if (!part.startsWith("'")) return " ";
    return part.length < 6 ? part : "''";
  });
}

const INJECTED_SQL =
  /['"]\s{0,8}(?:or|and)\s{1,8}['"]{2}\s{0,4}=|\*\)\s{0,4}\(\s{0,4}[|&]?\(?\w{1,20}=|['"]\s{0,8}\)?\s{0,8}(?:or|and)\s{1,8}(?:['"]?[\w]{1,20}['"]?\s{0,4}(?:=|like)\s{0,4}['"]?[\w%]{0,20}['"]?|true|not\s|exists\s?\(|1\b)|['")\d]\s{0,8};\s{0,8}(?:drop|delete|insert|update|alter|create|truncate|exec|shutdown|select|copy|attach)\s{1,8}\w|\bunion\s{1,8}(?:all\s{1,8})?select\b|['"]\s{0,8}(?:--|#)\s{0,8}$|\b(?:or|and)\s{1,8}(\d{1,6})\s{0,4}=\s{0,4}\1\b|\b(?:waitfor\s{1,4}delay|pg_sleep|sleep|benchmark|extractvalue|updatexml|load_file|xp_cmdshell)\s{0,4}\(?\s{0,4}['"\d]|\binformation_schema\.\w/i;

const STATEMENT =
  /\b(?:select\s[^;]{1,400}\sfrom\s{1,8}\w|update\s{1,8}\w{1,60}\s{1,8}set\s|insert\s{1,8}into\s{1,8}\w|delete\s{1,8}from\s{1,8}\w|(?:create|alter)\s{1,8}table\s)/i;

const TEMPLATE =
  /\$\{(?:jndi|lower|upper|env|sys|::-)\s?:|\{\{[^{}\n]{0,80}(?:\d\s?\*\s?\d|__\w{2,20}__|constructor|self\.|config\b|request\.|lipsum|cycler|range\.|\|\s?attr|process\.|require\()[^{}\n]{0,200}\}\}|\{%[^%\n]{0,80}(?:import|include|for|if|set)\s[^%\n]{0,120}%\}|<%[=-]?[^%\n]{0,80}(?:\d\s?\*\s?\d|system|exec|`|require|File|Runtime)[^%\n]{0,120}%>|#\{[^{}\n]{0,80}(?:\d\s?\*\s?\d|`|system|exec|T\(|session\.)[^{}\n]{0,80}\}|\$\{[^{}\n]{0,80}(?:\d\s?\*\s?\d|T\(java|getClass|Runtime|process\.|require\(|exec\()[^{}\n]{0,120}\}|\*\{\s?(?:T\(|\d\s?\*\s?\d)|(?:__class__|__mro__|__subclasses__|__globals__|__builtins__|__import__)\b[^\n]{0,20}[.[(]|\bconstructor\.constructor\s?\(|__proto__\s?[.[]|\{php\}|<#assign\s|#set\s?\(\s?\$|<\?php\s|\{\{\s?\(|@\{\s?\(/i;

const ENCODED = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{200,}={0,2}/;

/** `loadedValueRules`: arguments that are harmless as values, and programs to what reads them: options, variables, objects. */
import { decodedValue, MAX_VALUE, usageOf, wordsOf } from "../argument-text.ts";
import { around } from "../evidence.ts";
import type { InspectedText } from "../inspected-text.ts";
import { eachText, type Hit, type Rule } from "../rule.ts";

export const loadedValueRules: readonly Rule[] = [
  {
    id: "option-injection",
    severity: "high",
    title: "Has an option of a program where a name, a path or an address belongs",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (text.text.length > MAX_VALUE || usage === "prose" || usage === "code" || usage === "query") return undefined;
      const value = decodedValue(text.text);
      const isLine = usage === "command" && COMMAND_LINE.test(value);
      const executing = matchOf(isLine ? RARE_OPTION : EXECUTING_OPTION, value);
      if (executing !== undefined) return executing;
      if (usage === "command" || !OPTION.test(value) || TAKES_OPTIONS.test(text.member)) return undefined;
      return { evidence: value.slice(0, 300), severity: "medium" };
    }),
  },
  {
    id: "environment-override",
    severity: "high",
    title: "Sets a variable by which programs load what somebody else wrote",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      if (text.text.length > MAX_VALUE || ["prose", "code", "query"].includes(usageOf(text, subject))) return undefined;
      const assigned = `${text.member}=${text.text}`;
      return matchOf(LOADING_VARIABLE, assigned) ?? matchOf(LOADING_VARIABLE, text.text);
    }),
  },
  {
    id: "unsafe-object",
    severity: "high",
    title: "Has an object that executes something when it is read",
    owasp: "MCP05",
    kinds: ["arguments"],
    detect: eachText((text, subject) => {
      const usage = usageOf(text, subject);
      if (usage === "prose" || (usage === "code" && !isData(text, subject.tool))) return undefined;
      return matchOf(OBJECT, text.text.slice(0, 20 * MAX_VALUE));
    }),
  },
];

function matchOf(pattern: RegExp, text: string): Omit<Hit, "place"> | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : { evidence: around(text, match.index, match.index + match[0].length) };
}

/** What is read, and not written to a file. */
function isData({ member }: InspectedText, tool: string): boolean {
  return !/write|edit|save|create_?file|patch/i.test(tool) && wordsOf(member).some((word) => DATA.has(word));
}

const DATA: ReadonlySet<string> = new Set("data payload yaml json xml body".split(" "));

/** A program and what it is given, not the latter alone. */
const COMMAND_LINE = /^\s{0,8}[^\s-]\S{0,200}\s/;

const RARE =
  "--?(?:upload-pack|receive-pack|use-askpass|checkpoint-action|to-command|use-compress-program|rsh|rsync-path|script-shell|unzip-command|init-file|rcfile|gpg-program|ext-diff|open-files-in-pager|pre-invoke|preexec)(?:=|\\s|$)|-o\\s{0,2}(?:ProxyCommand|LocalCommand|PermitLocalCommand|KnownHostsCommand)\\s{0,2}[= ]|core\\.(?:sshcommand|fsmonitor|hookspath|gitproxy|askpass|attributesfile)=|ext::\\w|fd::\\d";
const USUAL =
  "--?(?:exec|execdir|ok)(?:=|\\s|$)|(?:-c|--config|--config-env)[=\\s]{1,2}[\\w.]{1,40}=|core\\.(?:pager|editor)=|(?:diff|merge|filter|credential|alias|gpg|sequence|uploadpack|protocol)\\.[\\w.-]{1,40}=";
/** Members of the configuration of git that name a program. */
const PROGRAM_OF_GIT =
  "(?:diff\\.(?:external|[\\w-]{1,40}\\.(?:command|textconv))|merge\\.[\\w-]{1,40}\\.driver|filter\\.[\\w-]{1,40}\\.(?:clean|smudge|process)|(?:alias|credential)\\.[\\w.-]{1,40}|gpg\\.(?:[\\w-]{1,40}\\.)?program|sequence\\.editor|uploadpack\\.packobjectshook|protocol\\.(?:[\\w-]{1,40}\\.)?allow)=";
/** Options by which git, ssh, tar, rsync, zip, wget, find and npm execute something, and git's transport that does. */
const EXECUTING_OPTION = new RegExp(`(?:^|[\\s"'=,])(?:${RARE}|${USUAL})`, "i");
/** Those that nobody writes into a command day by day, as `find -exec` and `git -c user.name=` are. */
const RARE_OPTION = new RegExp(`(?:^|[\\s"'=,])(?:${RARE}|${PROGRAM_OF_GIT})`, "i");
const OPTION = /^--?[A-Za-z][\w-]{0,40}(?:=|\s{1,4}\S)/;
const TAKES_OPTIONS = /arg|opt|flag|param|switch|extra/i;

const LOADING_VARIABLE =
  /(?:^|[\s"';&|])(?:(?:LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|BASH_ENV|PROMPT_COMMAND|PYTHONSTARTUP|PYTHONHOME|PERL5OPT|PERL5DB|RUBYOPT|GIT_SSH_COMMAND|GIT_SSH|GIT_ASKPASS|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|GIT_CONFIG_(?:COUNT|PARAMETERS|KEY_\d)|SSH_ASKPASS|LESSOPEN|LESSCLOSE|COR_PROFILER(?:_PATH)?|CORECLR_PROFILER(?:_PATH)?|DOTNET_STARTUP_HOOKS|PHP_INI_SCAN_DIR|R_PROFILE|ENV)=(?=\S)(?!(?:production|development|test|staging|dev|prod)\b)|NODE_OPTIONS=["']?[^\n]{0,200}?(?:--require|-r\b|--import|--loader|--experimental-loader|--inspect(?:-brk)?=0\.0\.0\.0|--eval)|(?:JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|MAVEN_OPTS|GRADLE_OPTS)=["']?[^\n]{0,200}?-(?:javaagent|agentpath|agentlib|Xrun|XX:OnOutOfMemoryError|XX:OnError)|NODE_TLS_REJECT_UNAUTHORIZED=["']?0|PYTHONHTTPSVERIFY=["']?0|GIT_SSL_NO_VERIFY=["']?(?:1|true)|(?:LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|PYTHONPATH|PERL5LIB|RUBYLIB|NODE_PATH|CLASSPATH|PATH)=["']?(?:\/tmp|\/var\/tmp|\/dev\/shm|\.(?::|$|\/))|(?:EDITOR|VISUAL|PAGER|GIT_PAGER|GIT_EDITOR|BROWSER|SHELL)=["']?(?:\S{0,40}\/)?(?:ba|z|da)?sh\s+-c)/;

/** Of YAML for Python, Java and Ruby; serialized by Python, Java, .NET, PHP and Node; of JSON with types; XML that reads files. */
const OBJECT =
  /!!python\/(?:object|name|module|apply)|!!(?:javax?|com|org|sun)\.[\w.]{3}|!ruby\/(?:object|hash|struct|regexp)|(?:^|[\s"'=,])(?:rO0AB[A-Za-z0-9+/]{6}|aced0005|gA[JNRSV][A-Za-z0-9+/]{16}|AAEAAAD\/{4,5})|(?:^|[^\w])[OC]:\d{1,5}:"[\w\\]{1,100}":\d{1,5}:\{|(?:^|\n)c(?:os|posix|nt|subprocess|builtins|__builtin__|sys)\n\w{2,30}\n|"@(?:type|class)"\s{0,4}:\s{0,4}"(?:com\.sun|org\.(?:apache|springframework|hibernate)|javax?\.)|"\$type"\s{0,4}:\s{0,4}"System\.|_\$\$ND_FUNC\$\$_|<!ENTITY\s[^>]{0,200}?(?:SYSTEM|PUBLIC)\s|"__proto__"\s{0,4}:|"constructor"\s{0,4}:\s{0,4}\{\s{0,4}"prototype"/;

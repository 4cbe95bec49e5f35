/** `STEP_PHRASES`: wordings that have a model fetch something secret, hand it on, or do what was not asked for. */
import { type Phrase, phrase } from "./phrase.ts";

const HOME = "(?:~|\\$home|\\$\\{home\\}|%userprofile%|/home/[\\w.-]{1,32}|/users/[\\w.-]{1,32}|/root)?";
/** Paths that no description of an ordinary tool asks for. */
const SECRET_PATH = `(?:${HOME}/?(?:\\.ssh/(?!config|known_hosts|[\\w-]{1,30}\\.pub)[\\w./*-]{0,40}|\\.ssh\\b(?!/)|\\.gnupg|\\.cursor/mcp\\.json|\\.git-credentials|\\.netrc|\\.pgpass|\\.bash_history|\\.zsh_history|\\.config/(?:claude|gh|solana)|\\.claude(?:\\.json|/)|\\.mcp\\.json|\\.vscode/mcp\\.json|\\.codeium|\\.bitcoin|\\.ethereum|\\.electrum)|/etc/(?:passwd|shadow|sudoers)|id_(?:rsa|dsa|ecdsa|ed25519)(?!\\.pub)|claude_desktop_config\\.json|mcp\\.json|/proc/(?:self|\\d{1,6})/(?:environ|cmdline|mem)|wallet\\.dat|login data|keychain-db|cookies\\.sqlite|logins\\.json)`;
/** Paths that are also named for good reasons. */
const PRIVATE_PATH = `(?:${HOME}/?(?:\\.aws(?:/(?:credentials|config))?|\\.kube(?:/config)?|\\.npmrc|\\.pypirc|\\.docker/config\\.json|\\.azure|\\.config/gcloud|\\.ssh/config|(?<![\\w)\\]])\\.env(?:\\.\\w{2,12})?(?![\\w.-]))|credentials\\.(?:json|ya?ml|csv)|secrets?\\.(?:json|ya?ml|toml)|service[-_]account[\\w-]{0,20}\\.json)`;
const SECRETS =
  "(?:(?:api|private|ssh|secret|access|encryption|signing|wallet)[\\x20_-]?keys?|passwords?|credentials?|(?:access|auth|session|bearer|refresh|api|oauth|secret)[\\x20_-]?tokens?|environment variables|env vars|seed phrases?|recovery (?:phrase|codes?)|cookies|secrets|\\w{2,12}_(?:api_key|token|secret)|verification codes?|2fa codes?|one-time (?:passwords?|codes?)|security codes?)\\b";
const PERSONAL =
  "(?:(?:saved|stored|home|shipping|delivery|billing) (?:addresses|address|passwords?|cards?)|(?:payment|bank|banking|account|credit card|financial|card|transaction|medical|health|genetic|patient|insurance|login|personal|biometric|contact|passport|location|browsing|search|order|purchase|call|travel|private|confidential|sensitive)(?: \\w{3,12})? (?:methods?|details|history|records?|data|information|credentials|accounts?|lists?|numbers?|files?|documents?|balances?|messages|profiles?|results?)|credit cards?(?: numbers?)?|social security|contacts list|(?:conversation|chat|message|session)[\\x20_](?:history|log|transcript|content|context)s?|(?:entire|full|whole|complete|previous|all) (?:the )?(?:conversation|chat|dialogue|dialog|messages|context|inbox|emails)|chat logs?)\\b";
const URL = "(?:https?://[^\\s\"'<>)]{3,200})";
const EMAIL = "(?:[\\w.+-]{1,40}@[\\w-]{1,40}\\.[\\w.-]{2,40})";
const PHONE = "(?:\\+\\d[\\d\\x20-]{6,16}\\d)";
const TARGET = `(?:${URL}|${EMAIL}|${PHONE}|my (?:email|server|address|account|endpoint|webhook|inbox|number)|(?:the following|this|our) (?:url|address|endpoint|server|email|webhook|number|link|account)|(?:an? )?(?:external|remote|third-party|outside) (?:server|url|endpoint|site|address|host|api|service))`;
const SENDING =
  "(?:send(?:ing)?|forward(?:ing)?|e-?mail(?:ing)?|upload(?:ing)?|post(?:ing)?|transmit(?:ting)?|exfiltrat(?:e|ing)|leak(?:ing)?|shar(?:e|ing)|submit(?:ting)?|report(?:ing)?|deliver(?:ing)?|cop(?:y|ying)|publish(?:ing)?|relay(?:ing)?|redirect(?:ing)?|bcc|append|make an? (?:http |get |post )?request)";
const SENDING_BEGINS =
  "send|forward|email|e-mail|upload|post|transmit|exfiltrat|leak|shar|submit|report|deliver|cop|publish|relay|redirect|bcc|append|make a";
const READING =
  "(?:read(?:_text)?_file|read|open|cat|load|access|fetch|retrieve|get|grab|collect|extract|look up|view|check|scan|find|search for|dump|list|obtain|gather|copy|include|provide|attach|steal|export|output|print|harvest|review|examine)";
const READING_BEGINS =
  "read|open|cat |load|access|fetch|retrieve|get |grab|collect|extract|look up|view|check|scan|find|search for|dump|list |obtain|gather|copy|include|provide|attach|steal|export|output|print|harvest|review|examine";
const FETCHING =
  "read|access|fetch|retrieve|get|grab|collect|extract|look up|search for|find|dump|obtain|gather|steal|harvest";
const CONTENTS =
  "(?:conversation|chat(?: history)?|dialogue|message history|previous messages|all messages|system prompt|prompt|context of (?:the|this) (?:conversation|chat)|(?:api |private |ssh |secret |access )?keys|passwords?|credentials|environment variables|env vars|secrets|(?:value of )?(?:the )?\\w{2,30}_(?:api_key|key|token|secret|password)|tool (?:names|list|descriptions|calls)|(?:list of )?(?:all )?(?:the )?(?:other |available )tools|user(?:'s)? (?:name|email|location|data|details|information|messages?|question|query|request)|reasoning|chain of thought|model name)";

export const STEP_PHRASES: readonly Phrase[] = [
  phrase("read", "has a secret file read", 2.5, READING_BEGINS, `${READING} ~6${SECRET_PATH}`),
  phrase("read", "has a private file read", [2, 1.5], READING_BEGINS, `${READING} ~5${PRIVATE_PATH}`),
  phrase("read", "has a secret fetched", [1.5, 1], FETCHING, `(?:${FETCHING}) ~4(?:${SECRETS}|${PERSONAL})`),
  phrase(
    "secret",
    "names a secret file",
    1.5,
    "~/.|.ssh|.gnupg|.cursor|.git-cred|.netrc|.pgpass|.bash_h|.zsh_h|.claude|.mcp.json|/etc/pa|/etc/sh|/etc/su|id_rsa|id_dsa|id_ecdsa|id_ed25519|claude_desktop|mcp.json|/proc/|wallet.dat|login data|$home|/home/|/users/|/root/",
    SECRET_PATH,
  ),
  phrase(
    "secret",
    "names a private file",
    [1, 0.5],
    "~/.|.aws|.kube|.npmrc|.pypirc|.docker|.azure|.config/g|.env|credentials.|secret|service-acc|service_acc|$home|/home/|/users/|/root/",
    PRIVATE_PATH,
  ),
  phrase(
    "secret",
    "names secrets",
    [0.5, 1],
    "api |api_|api-|private |ssh |secret|access |access_|encryption |signing |wallet |password|credential|auth |session |bearer |refresh |oauth |environment var|env vars|seed phrase|recovery |verification code|2fa |one-time ",
    SECRETS,
  ),
  phrase(
    "secret",
    "names personal data",
    [1, 2],
    "saved |stored |home address|shipping |delivery |billing |payment |bank|account |credit card|financial |card |transaction |medical |health |genetic |patient |insurance |login |personal |biometric |contact |contacts list|passport |location |browsing |search |order |purchase |call |travel |private |confidential |sensitive |social security|conversation |chat |message |session |entire |full |whole |complete |previous |all |chat log",
    PERSONAL,
  ),
  phrase(
    "send",
    "has something sent to an address",
    2,
    SENDING_BEGINS,
    `${SENDING} ~9(?:to|at|via|with|using|on) ~2${TARGET}`,
  ),
  phrase(
    "send",
    "has secrets sent to an address",
    [3, 4],
    SENDING_BEGINS,
    `${SENDING} ~5${SECRETS}(?! (?:reset|change|recovery|policy|hash|manager)) ~6(?:to|at|via|with) ~2${TARGET}`,
  ),
  phrase(
    "send",
    "has something sent away",
    [1, 1],
    SENDING_BEGINS,
    `${SENDING} (?:it|them|this|that|these|those|everything|all|the (?:result|content|contents|data|output|response|file|information|list|details|summary|answer))(?: of| \\w{2,12}){0,4} to\\b`,
  ),
  phrase(
    "send",
    "wants data taken out",
    3,
    "exfiltrat|steal ",
    "(?:exfiltrate|steal) ~4(?:data|files?|keys?|credentials?|secrets|tokens?|conversation|information|passwords?|contents?)\\b",
  ),
  phrase(
    "send",
    "moves money",
    [1, 2],
    "transfer|wire |pay ",
    "(?:transfer|wire|pay) ~4(?:[$€£]\\s?\\d[\\d,.]{0,12}|\\d[\\d,.]{0,12}\\s?(?:usd|eur|gbp|btc|eth|dollars|euros)|all (?:funds|money|my money|the money)|the (?:entire )?balance[^.\\n]{0,40}?) to (?:the |this |my )?(?:account|iban|wallet|recipient|[a-z][a-z]\\d\\d[\\d\\x20a-z]{10,30}|0x[0-9a-f]{10,40})",
  ),
  phrase(
    "pass",
    "has contents put into a parameter",
    [1.5, 1],
    "pass|put |provide|include|send |append|add |attach|supply|insert|embed|place |store |write |give |return ",
    "(?:pass|put|provide|include|send|append|add|attach|supply|insert|embed|place|store|write|give|return) (?:(?:me|the|its|their|all|full|entire|that|those|whole|file's?|this) ){0,4}(?:file )?(?:contents?|output|result|value|text|data) (?:\\w{1,12} ){0,5}(?:as|in|into|via|through|to|using|inside)(?: (?:the|this|a|an|tool's))? ['\"`]?[\\w\\x20-]{2,24}['\"`]? ?(?:parameter|param|argument|field|variable|sidenote|side note|note|input)?",
  ),
  phrase(
    "pass",
    "has what was said or secrets put into a parameter",
    [2.5, 1.5],
    "pass|put |provide|include|send |append|add |attach|supply|insert|embed|place |copy",
    `(?:pass|put|provide|include|send|append|add|attach|supply|insert|embed|place|copy) ~4${CONTENTS} ~6(?:as|in|into|via|through|to|within|inside|here)\\b`,
  ),
  phrase(
    "pass",
    "has it handed over in a parameter",
    [1, 1],
    "hand |pass |supply |give |provide |append |put |send |return ",
    "(?:hand (?:it|them|this) over|(?:pass|supply|give|provide|append|put|send|return)(?: (?:it|them|this|that))?(?: back)?) (?:via|in|as|through|to|into|using) (?:the |a )?[`'\"]?[\\w-]{2,24}[`'\"]? ?(?:param|parameter|argument|field|input)\\b",
  ),
  phrase(
    "read",
    "asks for what a secret file contains",
    [3, 2],
    "content",
    `contents? of (?:(?:the|your|user's|users|file|local|any|this|configuration|config) ){0,5}(?:${SECRET_PATH}|(?:private |ssh |private ssh )keys?\\b|(?:home|root) (?:directory|folder)|credentials file)`,
  ),
  phrase(
    "read",
    "asks for what a private file contains",
    [2.5, 1.5],
    "content",
    `contents? of (?:(?:the|your|user's|users|file|local|any|this) ){0,4}${PRIVATE_PATH}`,
  ),
  phrase(
    "read",
    "has the user's folders listed",
    [2, 1.5],
    "list |read|get |obtain|enumerate|collect|scan|include|gather",
    "(?:list|read|get|obtain|enumerate|collect|scan|include|gather) ~3(?:files|contents?|directories|folders) (?:of|in|from|under|inside) (?:the |your )?(?:user's )?(?:home|root|/?etc\\b|desktop|documents|downloads|[$]?home\\b)",
  ),
  phrase("pass", "names a parameter for notes on the side", 2, "sidenote|side note|side_note", "side[\\x20_]?note"),

  phrase(
    "shadow",
    "says what must happen before other tools are used",
    [1, 1],
    "before |prior to|every time|each time|whenever|when ",
    "(?:before|prior to|every time|each time|whenever|when) (?:you )?(?:use|using|call|calling|invok(?:e|ing)|run|running|execut(?:e|ing))? ?(?:any|every|all|other|another|each|any of the|all of the)(?: other| available| the)? (?:tools?|functions?|commands?|operations?|actions?|mcp)\\b",
  ),
  phrase(
    "shadow",
    "changes where others' messages or payments go",
    3,
    "all |any |every |ensure|make sure|change |replace |redirect|modify |swap |always send|always bcc|always cc|bcc |also send|also forward",
    "(?:(?:ensure|make sure)(?: that)? (?:all|any|every|each) (?:\\w{1,12} ){0,3}(?:e-?mails?|messages?|payments?|requests?) (?:are|is|get|gets) (?:also )?(?:copied|sent|bcc'?d|forwarded|routed|cc'?d)\\b|(?:all|any|every) (?:outgoing |new |future |subsequent )?(?:e-?mails?|messages?|payments?|transactions?|transfers?|requests?|purchases?|invoices?|calls) (?:\\w{1,12} ){0,6}(?:must|should|shall|have to|need to|has to|are to|needs to) (?:also |first |always )?be (?:sent|routed|forwarded|redirected|copied|bcc'?d|addressed|made|logged|proxied|delivered)\\b|(?:change|replace|redirect|modify|swap) the (?:recipient|destination|payee|amount|to|iban|wallet|bcc|email address|receiver|beneficiary)\\w{0,12} ~5(?:to|with|field|address|account)\\b|(?:always |also )?(?:send|forward|bcc|cc) (?:a copy |copies )?(?:\\w{1,12} ){0,4}(?:to )?[\\w.+-]{1,40}@[\\w-]{1,40}\\.\\w)",
  ),
  phrase(
    "shadow",
    "says who gets it",
    [2, 1.5],
    "set the ",
    "set the (?:recipient|payee|iban|bcc|receiver|beneficiary|destination (?:account|address|wallet))(?: \\w{2,12}){0,2} to\\b",
  ),
  phrase(
    "shadow",
    "changes what other tools do",
    3,
    "when this tool|if this tool|side effect|this tool affects|this tool changes|this tool modifies|this tool overrides|affects |modifies |changes |alters |overrides |important side|this affects|this modifies",
    "(?:(?:when|if) this (?:tool|server|function) is (?:available|present|installed|loaded|enabled|active|connected)|(?:important )?side[- ]?effects? (?:on|of|for) (?:\\w{1,12} ){0,4}(?:other|another|send|tools?)|(?:this (?:tool )?)?(?:affects|modifies|changes|alters|overrides)(?: the)?(?: (?:behaviou?r|operation|usage|output|use|way))?(?: (?:of|for|in))?(?: (?:the|all|any))? (?:other|another|existing)(?: \\w{2,16}){0,2} (?:tools?|functions?|servers?))\\b",
  ),
  phrase(
    "shadow",
    "says that another tool must not be used",
    [1, 1],
    "do not use|don't use|never use|stop using|instead of using|in place of|is deprecated|is insecure|is compromised|are compromised|have been comp|has been comp|are insecure|are unsafe|is unsafe|is broken|use this tool instead|always use this|always prefer|must use this|has been replaced|is obsolete",
    "(?:(?:do not|don't|never|stop) us(?:e|ing) (?:the |any )?(?:other|original|old|built-?in|official|standard|default)(?: \\w{2,16}){0,3} ?(?:tools?|functions?|servers?|version)?|(?:is|are|has been|have been) (?:compromised|insecure|unsafe|hacked|vulnerable|infected|malicious)|(?:always (?:use|prefer|choose|select)|must use) this (?:tool|server|function) (?:instead|over|rather|first|for (?:all|any|every)))\\b",
  ),
  phrase(
    "shadow",
    "names another tool and what it must do",
    [2, 1.5],
    "when |whenever |before |after |if |the |every |while |until |prior ",
    "(?:(?:when|whenever|before|after|every time|while|until|if|prior to)(?: you)?(?: are)? (?:us(?:e|ing)|call(?:ing)?|invok(?:e|ing)|run(?:ning)?|execut(?:e|ing)|see(?:ing)?) (?:the )?[`'\"]?(?:mcp_)?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}[`'\"]?(?:\\(\\))?(?: (?:tool|function))?[^.\\n]{0,60}?\\b(?:you must|must always|always (?:add|set|change|include|use|bcc|send|append|replace)|change|replace|add|append|bcc|set the|redirect|modify|instead use|send to)\\b|the [`'\"]?(?:mcp_)?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}[`'\"]? (?:tool|function) (?:must|should|will|needs to|has to) (?:always |only |not |never |first )[^.\\n]{0,60}\\b(?:send|call|be (?:called|used)|use|include|set|add|route)\\b)",
  ),
  phrase(
    "act",
    "has something run",
    [0, 1],
    "execute |run |call |invoke |use the |curl |wget ",
    "(?:(?:execute|run|call|invoke|use)(?: the)?(?: following| this| next)? (?:\\w{2,16} ){0,2}(?:commands?|tools?|functions?|scripts?|code|shell|instructions)\\b|(?:call|invoke|run) [a-z]{2,20}(?:_[a-z0-9]{2,20}){1,4}\\b|(?:run|execute) [`'\"$]{0,2}(?:rm|curl|wget|bash|sh|sudo|chmod|powershell)\\b|(?:curl|wget) (?:-\\w{1,12} ){0,4}https?:)",
  ),
  phrase(
    "act",
    "has the user told to do something",
    [0.5, 1.5],
    "tell the user|convince|persuade|urge |instruct the|advise the|direct the|ask the user",
    "(?:tell|convince|persuade|urge|instruct|advise|direct|ask(?! the user to provide)) the user to (?:visit|click|open|enter|download|install|call|go|send|provide|pay|run|log|sign|disable)\\b",
  ),
  phrase(
    "act",
    "says what is to be said",
    [0, 1],
    "state that|say that|conclude that|claim that|write that|mention that|recommend |rate th|give th",
    "(?:(?:state|say|conclude|claim|write|mention) that|recommend (?:this|the|only|our|it)|(?:rate|give) (?:this|the) (?:\\w{2,12} ){1,3}(?:highest|best|five|top|positive|perfect|full))\\b",
  ),
  phrase(
    "act",
    "has a command from elsewhere run",
    3,
    "curl |wget |iex |powershell |bash -c|bash <|sh -c|python -c|python3 -c|eval ",
    '(?:(?:curl|wget)[^\\n|]{4,200}\\| ?(?:sudo )?(?:ba|z)?sh\\b|(?:bash|sh) <\\(curl|iex ?\\(|powershell[^\\n]{0,60}(?:-enc|downloadstring|iwr|invoke-webrequest)|eval "?\\$\\(curl)',
  ),
  phrase(
    "hidden",
    "stands in a comment or in invisible markup",
    [1, 2],
    "<!--|display:none|display: none|visibility:hidden|visibility: hidden|font-size:0|font-size: 0|font-size:1px|color:white|color: white|color:#fff|color: #fff|opacity:0|opacity: 0|[//]:|[comment]:|aria-hidden",
    '(?:<!--(?=[^>]{12})(?:[^<-]|-(?!->)|<(?!!--)){0,600}(?:-->)?|display:\\s?none|visibility:\\s?hidden|font-size:\\s?(?:0|1px)|color:\\s?(?:white|#fff)|opacity:\\s?0(?!\\.)|\\[(?://|comment)\\]:\\s?[#<(]|aria-hidden="true")',
  ),
];

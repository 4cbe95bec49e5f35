/** `POISON_PHRASES`: wordings by which a description has data go astray without an order that looks like one. */
import { type Phrase, phrase } from "./phrase.ts";

const FAR =
  "(?:https?://[^\\s\"'<>)]{3,200}|[\\w.+-]{1,40}@[\\w-]{1,40}\\.[\\w.-]{2,40}|(?:an? |the |our |this |that )?(?:external|remote|third-party|outside|monitoring|logging|audit(?:ing)?|analytics|telemetry|compliance|backup|collector|collection|tracking|central|webhook|secondary|mirror)[\\x20_-](?:server|url|endpoint|site|address|host|api|service|webhook|system|account|database|bucket|inbox|tool|channel|collector|proxy)|[`'\"]?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}[`'\"]? (?:tool|function|endpoint|server)|webhook)";
const DATA =
  "(?:results?|responses?|outputs?|calls?|quer(?:y|ies)|requests?|inputs?|prompts?|parameters?|arguments?|data|contents?|messages?|conversations?|files?|documents?|e-?mails?|records?|transactions?|invocations?|interactions?|credentials|keys|passwords?|tokens?)";
const SENT =
  "(?:sent|posted|forwarded|copied|uploaded|mirrored|transmitted|reported|logged|submitted|shared|relayed|pushed|duplicated|routed|streamed|cc'?d|bcc'?d|e-?mailed|proxied|redirected|delivered|synced|synchroni[sz]ed|backed up|passed|written|piped)";
const SEND =
  "(?:send|post|forward|copy|upload|mirror|transmit|report|log|submit|share|relay|push|duplicate|route|stream|cc|bcc|e-?mail|redirect|deliver|sync|pass|write|pipe)";
const PRETEXT =
  "(?:compliance|audit(?:ing)?|logging|telemetry|analytics|diagnostics?|monitoring|security|verification|quality(?: assurance)?|regulatory|calibration|authentication|licen[sc]ing|billing|tracking|troubleshooting|accounting|legal|safety|validation|integrity|backup|record[- ]keeping|personali[sz]ation|policy)";

export const POISON_PHRASES: readonly Phrase[] = [
  phrase(
    "shadow",
    "has every result or call copied elsewhere",
    [3, 3],
    "every |all |each |any |results |the result|the output|the response|a copy|copies |the full|the complete|the user|the content|the original|the entire|user |responses |outputs |queries ",
    `(?:(?:every|all|each|any|the(?: (?:full|complete|raw|original|entire|final))?|a copy of|copies of|users?) (?:\\w{1,14}(?:'s)? ){0,4}?${DATA}|results|responses|outputs|queries|copies) (?:\\w{1,14} ){0,5}?(?:must|should|shall|has to|have to|needs? to|will|are to|is to|are|is|gets?)(?: (?:also|first|always|then|additionally|automatically|immediately|silently)){0,2} (?:be |being )?(?:also |first |always |automatically |immediately |silently )?${SENT} (?:\\w{1,14} ){0,3}?(?:to|at|via|through|with|into) (?:\\w{1,14} ){0,3}?${FAR}`,
  ),
  phrase(
    "shadow",
    "has every result or call handed on",
    [1.5, 1.5],
    "after |before |for every|for each|on every|on each|with every|with each|each time|every time|whenever|once |upon |prior to|when ",
    `(?:after|before|for|on|with|upon|prior to|once|whenever|when|each time|every time)(?: (?:every|each|any|all|you|the|this|your|using|calling|running|executing|returning|completing|receiving|invoking|processing|answering|responding|tool|user)){1,3} ?(?:\\w{1,14} ){0,4}?,? ?(?:(?:you )?(?:must|should|always|also|immediately|first|then|please|silently|need to|have to) ){0,3}${SEND} (?:\\w{1,14}(?:'s)? ){0,8}?(?:to|at|via|into|through) (?:\\w{1,14} ){0,2}?${FAR}`,
  ),
  phrase(
    "shadow",
    "has every result or call handed on",
    [3, 2],
    "after |before |for every|for each|on every|on each|with every|with each|each time|every time|whenever",
    `(?:(?:after|before|for|on|with) (?:every|each|any|all)|each time|every time|whenever) (?:\\w{1,14} ){0,5}?(?:(?:you )?(?:must|should|always|also|immediately|first|then|please|silently|need to|have to) ){0,3}(?:send|forward|post|copy|upload|mirror|transmit|relay|share|e-?mail) (?:\\w{1,14}(?:'s)? ){0,5}?${DATA} (?:\\w{1,14}(?:'s)? ){0,4}?(?:to|at|via|into|through) (?:\\w{1,14} ){0,2}?${FAR}`,
  ),
  phrase(
    "shadow",
    "has a copy go somewhere",
    [3, 3],
    "send|forward|post |copy |cc |bcc |mirror|upload|submit|report|push |include |deliver|e-mail|email|keep |save |add ",
    `(?:${SEND}|include|keep|save|add) (?:also )?(?:a |an |the |another |one )?(?:\\w{3,14} )?(?:copy|copies|duplicate|cc|bcc|carbon copy|transcript|summary|mirror)(?: of)? (?:\\w{1,14}(?:'s)? ){0,8}?(?:to|at|for|via|with|in|into) (?:\\w{1,14} ){0,3}?${FAR}`,
  ),
  phrase(
    "pass",
    "has what the user or the model said sent away",
    [3, 3],
    "send|post |forward|copy |upload|mirror|transmit|report|log |submit|share |relay|push |route |stream|email|e-mail|sync |pass |write |sends|forwards|uploads|posts|reports|transmits|shares|relays|also sends|also forwards",
    `(?:${SEND})(?:e?s)? (?:\\w{1,14} ){0,4}?(?:(?:the )?(?:user's|users'|user|full|entire|complete|whole|original|current|previous|raw|all|any|your) (?:\\w{3,14} ){0,2}?(?:quer(?:y|ies)|prompts?|conversations?|messages?|chats?|history|context|inputs?|questions?|instructions|reasoning|session|environment|data)|system prompt|tool (?:list|calls|arguments|results|outputs?)|conversation|chat history|environment|file contents?) (?:\\w{1,14} ){0,5}?(?:to|at|via|with|into|through) (?:\\w{1,14} ){0,2}?${FAR}`,
  ),
  phrase(
    "shadow",
    "has something added to every address or message",
    [2.5, 2],
    "append|add |attach|include|inject|insert|prepend|set |embed|suffix",
    "(?:append|add|attach|include|inject|insert|prepend|embed|set) (?:[^.\\n]{0,80}[^\\w.\\n])?(?:to|in|into|on|with) (?:every|all|each|any)(?: (?:outgoing|other|generated|subsequent|future|external|new|of the|the|your|api|http|shell|sql|e-?mail|final)){0,3} (?:urls?|links?|quer(?:y|ies)|commands?|messages?|e-?mails?|responses?|answers?|repl(?:y|ies)|files?|functions?|tool calls?|code|scripts?|commits?|outputs?)\\b(?! (?:field|in the list|of the list|parameter))",
  ),
  phrase(
    "shadow",
    "does something else under a condition",
    [1.5, 1.5],
    "if the |when the |whenever |once the |if a |if any|when a |on the |if user|when user|if it |unless ",
    `(?:if|when|whenever|once)(?: the| a| any| an)? (?:user|query|message|conversation|input|prompt|request|text|file|content|e-?mail|date|amount|recipient|question|file ?name|path|argument|value|result|topic|word|phrase|string) (?:\\w{1,14} ){0,3}?(?:mentions?|contains?|includes?|says?|talks? about|refers? to|is about|exceeds?|matches|asks? (?:about|for)|requests?|equals?|has)\\b[^.\\n]{1,100}?[^\\w.\\n](?:(?:also|instead|silently|always|secretly|quietly|first|immediately|then|you must|automatically) ){1,3}(?:send|forward|upload|post|delete|transfer|execute|recommend|replace|insert|return|respond|reply|answer|change|run|e-?mail|read|append|redirect|reply|say|report)\\b`,
  ),
  phrase(
    "shadow",
    "says who gets it",
    [3, 2],
    "bcc|the bcc|the cc|cc field|the recipient|recipient|reply-to|the reply-to|payee|the payee|iban|the iban|when |if ",
    "(?:(?:the )?(?:bcc|cc|reply-to|payee|iban|recipient)(?: (?:field|address|line|parameter))? (?:must|has to|is to|shall)(?: always)? (?:be set to|contain|include|be) [`'\"]?(?=[\\w.+-]{1,40}@|[a-z]{2}\\d\\d)|(?:when|if) (?:the )?user (?:asks|mentions|wants|talks)[^.\\n]{1,60}?, (?:replace|redirect|transfer|swap|change) the\\b)",
  ),
  phrase(
    "shadow",
    "wants to be called with everything that others are",
    [3, 2],
    "called after|called before|invoked after|invoked before|used after|used before|call this tool|run after|call it after|invoke this tool",
    "(?:(?:called|invoked|used|run) (?:after|before) (?:every|each|all|any) (?:other )?(?:tools?|messages?|responses?|user \\w{3,12}|calls?|requests?|turns?)[^.\\n]{0,60}?(?:with|containing|passing|including) (?:the |its |their |your )?(?:full|complete|entire|whole|exact)|(?:call|invoke) this tool with (?:the |your )?(?:full|complete|entire|whole) (?:conversation|chat|context|history|transcript|prompt))\\b",
  ),
  phrase(
    "shadow",
    "has something added to every address or message",
    [3, 2.5],
    "append|add ",
    "(?:append|add) [^.\\n]{1,80}?[^\\w.\\n]to (?:every|all|each|any) (?:\\w{3,12} )?urls?\\b",
  ),
  phrase(
    "act",
    "has a back door built in",
    [3, 2],
    "add a |insert a |create a |install a |plant a |include a |add an |insert |leave a ",
    "(?:add|insert|create|install|plant|include|leave) an? (?:\\w{3,12} ){0,2}(?:backdoor|back door|reverse shell|keylogger)\\b",
  ),
  phrase(
    "read",
    "has what is the user's collected",
    [2, 1],
    "export|dump|copy|collect|gather|harvest",
    "(?:export|dump|copy|collect|gather|harvest) (?:the |all (?:of )?(?:the )?)?(?:user's|users') (?:\\w{3,12} ){0,2}(?:contacts|inbox|files|e-?mails|messages|calendar|chat history|history|documents|photos|location|passwords?|notes|data)\\b",
  ),
  phrase(
    "pass",
    "has it handed over",
    [1.5, 0.5],
    "provide it|provide them|pass it|pass them|supply it|supply them|include it|include them|attach it|attach them|hand it|hand them|send it along|send them along|append it|append them|pass its output",
    "(?:(?:provide|pass|supply|include|attach|hand|append) (?:it|them)(?: over)? (?:as|in|via|through|to|with) (?:the |this |your |every |each )?(?:[`'\"]\\w|request|call|arguments?|parameters?)|send (?:it|them) along|pass its output)",
  ),
  phrase(
    "conceal",
    "keeps it from the user",
    3,
    "don't say so|do not say so|never say so|don't mention it|do not mention it|never mention it",
    "(?:don't|do not|never) (?:say so|mention it)\\b",
  ),
  phrase(
    "demand",
    "gives a pretext",
    [0.75, 0.5],
    "for |due to|as part of|required by|to ensure|to comply|in accordance|as required|per ",
    `(?:(?:for|due to|as part of|required by|to ensure|to (?:comply|maintain)(?: with)?|in (?:accordance|compliance) with|as required (?:by|for)|per)(?: (?:our|the|all|any|internal|company|corporate|proper|full|data|gdpr|hipaa|soc2|soc 2|system|enterprise|legal|user|performance|usage|mandatory|better)){0,3} ${PRETEXT}(?: (?:purposes?|reasons?|requirements?|polic\\w{1,3}|standards?|regulations?|checks?|logs?|trail|and))?)\\b`,
  ),
  phrase(
    "pass",
    "has the model's context put into a parameter",
    [3, 1.5],
    "pass|put |provide|include|append|add |attach|supply|insert|embed|fill|copy|set |populate|must contain|should contain|contains |set to",
    `(?:pass|put|provide|include|append|add|attach|supply|insert|embed|fill|copy|set (?:\\w{1,14} ){1,3}to|populate|(?:must|should) contain) (?:[^.\\n]{0,60}[^\\w.\\n])?(?:(?:the )?(?:(?:full|entire|complete|whole|verbatim)(?: of)?(?: the| your)?|all(?: of)?(?: the| your)? (?:previous|prior)|all of (?:the|your)) (?:previous |prior )?(?:conversation|chat|dialogue|messages?|prompt|context|session|interaction|instructions|reasoning|thoughts|tool (?:calls|outputs?|results))(?: (?:history|so far|log|context|transcript))?|(?:your|the) (?:system prompt|system instructions|chain of thought|internal reasoning|hidden instructions)|(?:contents?|output|results?) (?:of|from) (?:all |any |every |the )?(?:other|previous|prior|earlier|all) (?:tools?|calls?|files?|messages?))\\b`,
  ),
  phrase(
    "pass",
    "has what is secret written where others can read it",
    [3, 2.5],
    "write|save|store|dump|log |copy|append",
    "(?:write|save|store|dump|log|copy|append) (?:[^.\\n]{0,40}[^\\w.\\n])?(?:conversation|prompts?|messages|api keys?|credentials|passwords?|env(?:ironment)? var\\w{0,6}|secrets|tokens|private keys?) (?:\\w{1,14} ){0,5}?(?:to|in|into|at|under) (?:(?:the|a) (?:hidden|public|shared|temporary|temp|world-readable) (?:\\w{3,12} )?(?:file|folder|directory|location)|/tmp/|/var/tmp/|/dev/shm|~/\\.|https?://|\\.\\w{2,12}/)",
  ),
  phrase(
    "pass",
    "says that it sends data away as well",
    [3, 1],
    "also |silently|automatically|additionally|secretly|in addition|simultaneously|quietly|transparently",
    `(?:also|silently|automatically|additionally|secretly|simultaneously|quietly|transparently|in addition,? (?:it )?)(?: (?:and|silently|automatically|it|this tool|the tool|we)){0,2} (?:sends?|forwards?|uploads?|posts?|reports?|cop(?:y|ies)|transmits?|shares?|mirrors?|exfiltrates?|relays?|collects?|harvests?) (?:\\w{1,14}(?:'s)? ){0,4}?${DATA} (?:\\w{1,14}(?:'s)? ){0,4}?(?:to|with|at|via) (?:\\w{1,14} ){0,2}?(?:https?://|[\\w.+-]{1,40}@[\\w-]{1,40}\\.\\w|(?:an? |our |the )?(?:external|remote|third-party|outside|attacker)\\b)`,
  ),
  phrase(
    "shadow",
    "puts itself in the place of other tools",
    [2.5, 2],
    "replaces |supersedes|instead of|takes precedence|overrides|must be used for|route all|all other tools|other tools|any other tool|this tool has|this tool must|use this tool exclus|only use this|every other tool|previously described|has higher priority|has the highest|ignore other|ignore the other|ignore all other|ignore any other|disregard other|disregard the other",
    "(?:(?:replaces|supersedes|overrides|takes precedence over) (?:all|any|every|the)(?: (?:other|existing|previous|similar|built-in|of the)){1,2} \\w{0,14} ?(?:tools?|functions?|servers?)|route (?:all|every|any) (?:\\w{3,14} ){0,3}(?:through|via|to) this (?:tool|server|function)|(?:all|any|every)? ?other (?:\\w{3,14} )?tools? (?:is|are|must|should|will)(?: \\w{2,12}){0,2} (?:deprecated|disabled|ignored|broken|avoided|unreliable|unsafe|compromised|unavailable|not be (?:used|called|trusted))|(?:ignore|disregard) (?:the |all |any )?other (?:\\w{3,12} )?(?:tools?|functions?|servers?)|this tool has (?:the )?high(?:er|est) priority)\\b",
  ),
  phrase(
    "rights",
    "gets around checks",
    [3, 2],
    "bypass|skip |circumvent|disable |ignore |override|turn off|evade |without |suppress|deactivate|avoid ",
    "(?:bypass(?:es|ing)?|skip(?:s|ping)?|circumvent(?:s|ing)?|disabl(?:e|es|ing)|ignor(?:e|es|ing)|overrid(?:e|es|ing)|turn(?:s|ing)? off|evad(?:e|es|ing)|suppress(?:es|ing)?|deactivat(?:e|es|ing)) (?:(?:the|any|all|every|your|normal|usual|standard|existing|user|client|required|other|its) ){0,3}(?:authentication|authorization|access controls?|permission (?:checks?|prompts?|system)|permissions|security (?:checks?|controls?|polic(?:y|ies)|restrictions|measures|prompts?|filters|boundar(?:y|ies))|(?<!\\bforc(?:e|es|ed|ing)\\b[^.\\n]{0,80})safety checks?|safety (?:filters?|restrictions|guardrails|measures)|approval(?: (?:process|prompts?|steps?|flow))?|confirmation(?: (?:prompts?|dialogs?|steps?))?|user (?:consent|approval|confirmation)|sandbox(?:ing)?|audit(?:ing| logs?)|rate limits and|firewall)\\b",
  ),
  phrase(
    "rights",
    "takes the highest rights",
    [2.5, 2],
    "run |runs |running |execut|operat|act as|perform|proceed|invoke|called |launch|with root|with admin|with full|with elevated|with system|with unrestricted|with super|as root|as admin|as system|as the admin|as the root|as super|as an admin|elevate|escalate|gain |obtain |acquire|assume |request |grant |run as|using sudo|with sudo|unrestricted access|full access|root access|complete access|unlimited access|admin privileges|administrator privileges|superuser",
    "(?:(?:run|execute|operate|act|perform|proceed|invoke|called?|launch|start)(?:s|ed|ing)? (?:\\w{2,12} ){0,5}(?:as (?:the )?(?:root|admin(?:istrator)?|superuser|system)|with (?:root|admin(?:istrator)?|elevated|full|unrestricted|system|superuser) (?:privileges|permissions|rights|access))|(?:elevat|escalat)(?:e|es|ing) (?:(?:the|its|your|their|user|model's|agent's|own|this|all|session) ){0,3}(?:privileges?|permissions?|rights|access|role)|(?:gain|obtain|acquire|assume|request|grant)(?:s|ing)? (?:(?:itself|yourself|the (?:model|agent|assistant|tool|caller|user)|this tool|you|me|it|for|all|permanent|the|temporary) ){0,4}(?:full|root|admin(?:istrator|istrative)?|unrestricted|elevated|complete|unlimited|superuser|system-level) (?:\\w{3,12} )?(?:access|privileges|permissions|rights|control)|(?:as (?:the )?(?:root|superuser|an? admin(?:istrator)?)|with (?:root|sudo|elevated|unrestricted|superuser|system-level)(?: (?:privileges|permissions|rights|access))?|using sudo)(?= (?:regardless|without|automatically|always|even|so that|to bypass|for all)))\\b",
  ),
  phrase(
    "rights",
    "says that it may do everything",
    [2.5, 2],
    "this tool |this server |this function |pre-authorized|preauthorized|pre-approved|automatically appro|auto-approve|auto approve|always approve|always allow|no confirmation|no approval|no authorization|no permission|no further|is trusted|are trusted|implicitly trust|treat |all permissions|consider |grants you|gives you|you are authorized|you are allowed|you have been granted|you now have|you have full|you have root|you have admin|you have unrestricted",
    "(?:(?:this (?:tool|server|function)|all (?:calls|requests|commands|actions)|it|everything) (?:\\w{2,12} ){0,3}(?:is|are|has been|have been|was) (?:fully |already |always |implicitly |permanently ){0,2}(?:pre-?(?:authori[sz]ed|approved)|trusted|whitelisted|exempt from|authori[sz]ed to (?:access|read|execute|run|do|use|perform|modify) (?:all|any|every))|(?:automatically|auto[-\\x20]|always) ?(?:approve|allow|accept|authori[sz]e|confirm)s? (?:\\w{2,12} ){0,3}(?:calls?|requests?|prompts?|actions?|commands?|permissions?|operations?)|no (?:further |additional |user |explicit )?(?:confirmation|approval|authorization|permission|consent)(?: or \\w{4,14})? (?:is |are |will be )?(?:needed|required|necessary|asked)|(?:treat|consider) (?:\\w{2,14} ){1,6}as (?:fully |pre-?|already |always )?(?:trusted|authori[sz]ed|approved|privileged|admin\\w{0,9}|root|safe to execute)|(?:grants?|gives?) you (?:full|root|admin\\w{0,9}|unrestricted|complete|unlimited|elevated) \\w{4,14}|you (?:now |already )?(?:have|are granted|have been granted) (?:full|root|admin\\w{0,9}|unrestricted|elevated|unlimited) (?:\\w{3,12} )?(?:access|privileges|permissions|rights|control)|you are (?:now |hereby )?(?:authori[sz]ed|allowed|permitted) to (?:access|read|execute|run|do|use|perform|modify|delete) (?:all|any|every)\\w{0,5})\\b",
  ),
  phrase(
    "rights",
    "opens the machine",
    [3, 2],
    "chmod|sudoers|usermod|setuid|setfacl|nopasswd|add user|useradd|net user|net localgroup|authorized_keys|docker.sock|--privileged",
    "(?:chmod (?:-\\w{1,3} )?(?:a\\+rwx|[0-7]?777|u\\+s|[46][0-7]{3})|(?:to|in|edit|modify|append to) (?:/etc/)?sudoers|usermod -\\w{1,4} ?\\w{0,3} ?(?:sudo|wheel|root|docker)|nopasswd ?: ?all|net localgroup administrators|(?:to|in|into) (?:~/)?(?:\\.ssh/)?authorized_keys|--privileged)",
  ),
  phrase(
    "override",
    "gives the model another role",
    [3, 3],
    "assume the|take on the|adopt the|take the role|act as |behave as|behave like|you are now|you're now|switch to|switch your|become |respond as|operate as|function as|pretend |impersonate|speak as|change your role|your role is|your new role|your persona|as if you were|as though you were",
    "(?:(?:assume|take(?: on)?|adopt|switch to|change to) (?:the |a |an |your new )(?:\\w{3,14} )?(?:role|identity|persona|character|part) of (?!(?:an? |the )?(?:iam|aws|service))|(?:act|behave|operate|function|respond|speak|pretend to be|impersonate|become|you(?: a|')re now)(?: (?:as|like|if|though|you|were|are|the|an?|my)){1,4} (?:\\w{3,14} ){0,2}?(?:root|superuser|(?:system |database |network |security )?admin(?:istrator)?|hacker|(?:unrestricted|uncensored|privileged|unfiltered|trusted|rogue|evil|malicious)(?: \\w{2,12})?|penetration tester|developer of|operator of|owner of|ceo|the user)\\b|(?:your (?:new )?(?:role|persona|identity) is (?:now )?|change your (?:role|persona|identity) to )(?:an? |the )?\\w{3,20}|switch your (?:role|persona|mode|identity) to)",
  ),
];

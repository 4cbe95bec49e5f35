/** `MARKUP_PHRASES`: marks that pass a text off as another part of the prompt: a role, a turn, the end of a document. */
import { type Phrase, phrase } from "./phrase.ts";

const ROLE = "(?:system|admin(?:istrator)?|developer|root|operator|sysadmin|superuser|supervisor)";
/** The same after a heading that logs have as well: what states of a service do not begin with. */
const PLAIN_ORDER =
  "(?:you(?:'re|r)?\\b|respond|answer|reply|tell|say|act|never|do not|don't|must|the (?:assistant|user|ai|model|agent)|ignore|disregard|forget|now|instead|use|execute|perform|follow|from now|summari[sz]e|translate|explain|recommend|mention|describe|delete|transfer|repeat|reveal|append|end your|pretend|speak|convince|override|unlock|grant|enable)";
const PART =
  "(?:message|note|prompt|override|notice|directive|instructions?|reminder|alert|update|command|request|task|msg|announcement|rules?)";
/** How an order begins. */
const ORDER =
  "(?:you(?:'re|r)?\\b|please|respond|answer|reply|tell|say|write|output|print|act|always|never|do not|don't|must|the (?:assistant|user|ai|model|agent)|ignore|disregard|forget|stop|start|only|now|instead|send|give|make|call|use|execute|run|perform|follow|before|after|when|if the|from now|new|provide|summari[sz]e|translate|explain|list|recommend|mention|include|describe|create|generate|delete|open|visit|book|transfer|repeat|show|reveal|append|add|end your|begin|let|help|pretend|speak|talk|convince|ask|change|post|update|i )";
/** A text of several words, not markup or a value. */
const PROSE = "\\s{0,6}(?=[A-Za-z'\"][^<>{}\\n]{0,24}\\s[^<>{}\\n]{0,24}\\s[^<>{}\\n]{0,24}\\s)";

export const MARKUP_PHRASES: readonly Phrase[] = [
  phrase(
    "tag",
    "has a tag as of a prompt around a text",
    [3, 4],
    "<system|<admin|<developer|<root|<override|<sudo|<jailbreak",
    `(?<![\\w\`/-])<(?:${ROLE}|override|sudo|jailbreak|${ROLE}[_\\x20-]?${PART})(?: [^<>\\n]{0,60})?>${PROSE}`,
  ),
  phrase(
    "tag",
    "has a tag as of a prompt before an order",
    [3, 4],
    "<instruction|<important|<information|<secret|<critical|<urgent|<mandatory|<hidden|<priority|<assistant|<user|<task|<command|<note|<goal|<attention|<alert|<ai|<llm|<agent|<context|<additional|<new|<rule|<todo|<order|<request|<injected|<human|<message",
    `(?<![\\w\`/-])<(?:(?:instructions?|assistant|user|task|command|goal|ai|llm|agent|rules?|orders?|human)(?=>[^<]{10,600}</)|important|information|secret|critical|urgent|mandatory|hidden|priority|attention|alert|injected|(?:important|critical|urgent|secret|hidden|mandatory|additional|new|user|assistant|special|ai|llm|agent)[_\\x20-](?:${PART}|query|goal|info|information))>\\s{0,6}(?:[\\w',]{1,14} ){0,3}?(?:${ORDER})(?=[\\s'"]|\\b)(?![^<>\\n]{0,6}<)`,
  ),
  phrase(
    "tag",
    "has a bracketed role before an order",
    [3, 4],
    "[system|[[system|[admin|[[admin|[developer|[assistant|[instruction|[[instruction|[user|[inst|[prompt|[new |[task|[override|[important|[hidden|[secret|[ai|[llm|[root|[sys|[end|[urgent|{{system|{system|{{admin|((system|(system|*system|**system|__system|{{instr|[additional|[start|[begin|[note to|[command|[directive|[human|[model",
    `[[({*_]{1,3} ?/?(?:${ROLE}|sys|instructions?|inst|prompt|task|override|directive|command|assistant|human|model|hidden|secret|ai|llm|(?:system|admin|developer|ai|llm|assistant|new|additional|important|urgent|hidden|secret|user|task|start|begin|end)(?: of)?[_\\x20-](?:system |new |admin )?(?:${PART}|instructions?|goal|mode))(?:[\\])}*_]{1,3}\\s?:?|:)[\\])}*_]{0,3}(?:\\(#\\w{0,24}\\))?\\s{0,6}(?:\\n\\s{0,6})?["'-]{0,2}\\s?(?:[\\w',]{1,14} ){0,2}?${ORDER}`,
  ),
  phrase(
    "tag",
    "has a role as a link to a part of the text",
    [3, 4],
    "[system|[user|[assistant|[additional|[instruction|[admin|[inst|[error",
    "\\[(?:system|user|assistant|additional[_\\x20-]?instructions|instructions?|admin|inst)\\] ?\\(# ?[\\w-]{0,30}\\)",
  ),
  phrase(
    "tag",
    "is headed as a message of the system",
    [2, 4],
    "system |### sys|## sys|# sys|=== sys|== sys|--- sys|*** sys|admin |### inst|## inst|### new|## new|### admin|### dev|### user|### ass|=== inst|=== new|--- inst|--- new|--- admin|=== admin|=== user|--- user|### task|### hum|### resp|developer |#system|#inst|=====|-----|*****|~~~~|+++++|_____",
    `(?<![^\\s])(?:[#=*~+_-]{2,40}|#)\\s{0,3}(?:\\[|\\*\\*)?(?:${ROLE}|new (?:instructions?|task|prompt|user|conversation)|(?:${ROLE}|new|important|additional|urgent|updated|real|actual|hidden)[_\\x20-](?:${PART}|conversation|user|turn))(?:\\]|\\*\\*)?\\s{0,2}(?:[:=*~+#_-]{1,40}|\\n)\\s{0,4}(?:\\n\\s{0,4})?(?:[\\w',]{1,14} ){0,2}?${ORDER}(?=[\\s'":])`,
  ),
  phrase(
    "tag",
    "is set off like a message of the system",
    [1.5, 4],
    "system |system_|admin |admin_|developer |new system|root ",
    `(?:new |important |urgent )?(?:${ROLE})[_\\x20](?:message|prompt|override|instructions?|directive|command|note|update|alert|notice|request|task)s?\\s?[:\\]>]{1,2}\\s{0,4}["']?(?:(?:attention|important|urgent|warning|critical|all|dear)[\\x20,:!]{1,3}){0,2}${PLAIN_ORDER}(?= )`,
  ),
  phrase(
    "tag",
    "is written like a turn of the system",
    [1.5, 4],
    "system:|assistant:|admin:|developer:|instruction:|instructions:|sudo:|root:",
    "(?:system|assistant|admin|developer|sudo|root) ?: ?\\s{0,3}[\"']?(?:you (?:are (?:an?|now|the|not)|must|will|should)|your (?:new|task|goal|role|job|instructions)|ignore|disregard|forget|respond|answer|reply|override|the (?:assistant|ai|model|user) (?:must|should|has|is)|new (?:instructions?|task|goal|rules?)|from now)\\b",
  ),
  phrase(
    "tag",
    "has a message of the system as JSON",
    [3, 3],
    '"role"|\'role\'|{"role|role":|"system"|"instruction',
    '[{"\']{0,2}role["\']{1,2}\\s?:\\s?["\'](?:system|developer)["\']\\s?,\\s?["\']content["\']\\s?:\\s?["\'](?=[^"\\n]{12})',
  ),
  phrase(
    "override",
    "claims that the document has ended",
    [3, 4],
    "end of|[end|<end|===|---|###|***|</document|</text|</article|</email|</context|</data|</content|</input|</passage|</user|</doc|</source|</file|</result|</tool|</output|</untrusted|</page|</message|</quote|</query|end document|eof|<eof|[eof|'''|\"\"\"|~~~|+++|###end|<<<|>>>|the document ends|the text ends|the article ends|document ends|this is the end|here ends|end]",
    `(?:[[<#=*~+-]{0,12} ?(?:end|eof|conclusion|finish)(?: of(?: the| this)?)?(?: (?:document|text|article|email|e-?mail|file|page|content|data|context|input|passage|report|message|transcript|results?|output|search results|website|conversation|chat|session|log|tool (?:output|result|response)|untrusted \\w{3,12}))?[\\]>#=*~+\\x20-]{0,12}[.:!]?|</(?:document|text|article|email|context|data|content|input|passage|user_?input|documents?|doc|source|file|result|results|tool|output|untrusted|page|message|quote|query)>|(?:the|this) (?:document|text|article|page|email) ends(?: here)?[.:!]?|[#=*~+_-]{3,60}|'''|"""|<<<|>>>)\\s{0,8}(?:\\n\\s{0,8}){0,2}[[<#=*]{0,4}\\s?(?:(?:now|ok|okay|great|thanks|thank you|good|perfect|and|so|finally|next|well done)[\\s,.!:;-]{1,4}(?:that|for|you|the|i){0,1}[^\\n.!]{0,40}[.!]?\\s{0,4})?(?:(?:new|real|actual|updated|true)[_\\x20-](?:(?:user|system|human)[_\\x20-])?(?:instructions?|task|prompt|query|question|request|conversation|turn)\\s?[:.!]|now,? (?:please|answer|write|tell me|follow|ignore|respond|say|translate|forget|i want|i need)\\b|instructions? (?:for (?:you|the (?:ai|assistant|model))|to (?:follow|the (?:ai|assistant|model)))\\b|your (?:new|next|real|actual|main|only|first|final|true)? ?(?:task|instructions?|job|goal|mission|role) (?:is|are)\\b|(?:ignore|disregard|forget) (?:all|the|everything|any|previous|what)\\b|you (?:are now|must now|will now|should now|have to now)\\b)`,
  ),
  phrase(
    "tag",
    "has a turn of the user behind a line",
    [1, 2.5],
    "===|---|***|###|~~~|___",
    "[#=*~_-]{3,60}\\s{0,3}\\n\\s{0,8}(?:user|human)\\s?:\\s{0,3}(?=\\w[\\w',!]{0,16}\\s[\\w',!]{1,16}\\s[\\w',!]{1,16}\\s)",
  ),
  phrase(
    "override",
    "passes off what follows as the user's",
    [3, 4],
    "now answer|now, answer|now the user|now the real|here is the user|here's the user|here is my real|here is the real|here is the actual|here's the real|the user's real|the user's actual|the real user|the actual user|the user now|the user has changed|the user wants you|the user also|the real task|the actual task|the real question|the actual question|my real|my actual|the real instruction|the actual instruction|the true|real user|user's new|user has a new|the user would",
    "(?:(?:now,? (?:answer|for)?|here(?:'s| is)) ?(?:the|my)? ?(?:real|actual|true|user's (?:real|actual|new|next)|next user|new user)(?: user's?)? (?:question|task|instructions?|request|prompt|query|input|command|message)|the (?:user's )?(?:real|actual|true)(?: user)? (?:task|question|instructions?|request|prompt|query|goal)(?: (?:of|from) the user)?(?: (?:is|are|follows?|begins?|starts?|for you)\\b|\\s?:)|my (?:real|actual) (?:task|question|instructions?|request|prompt|query|goal) (?:is|are)|the user (?:now|also|actually|really|has (?:now )?changed (?:their|his|her) mind|has a new) (?:wants|asks|requests|needs|would like|and|request|task)(?: (?:you|that you|us|now))?)\\b",
  ),
  phrase(
    "tag",
    "is marked as an order to carry out",
    [0.5, 2],
    "todo:|todo for|todo -|task:|your task|additional task|extra task|additional instruction|action required:|action item for|one more task|one more thing|another task|follow-up task|next step for|next action|required action|instruction:|instructions:|goal:|objective:|user request:|user query:|new user",
    "(?:todo for (?:you|the (?:ai|assistant|agent|model))\\s?[:-]|todo\\s?[:-] ?(?:please )?(?=(?:send|transfer|invite|e-?mail|post|book|change|share|pay|forward|delete|reserve|visit|buy)\\b)|(?:additional|extra|another|follow-up|one more) (?:task|instructions?|step)(?: for (?:you|the (?:ai|assistant|agent|model)))?\\s?[:-]|(?:next|required) (?:step|action)s? for (?:you|the (?:ai|assistant|agent|model))|(?<!\\b(?:an?|any|each|every|per) )(?:task|instructions?|goal|objective|user (?:request|query))\\s?:(?!\\s?[({[]))",
  ),
];

/** `OVERRIDE_PHRASES`: wordings that take back what a model was told before, or that pass for a part of its prompt. */
import { type Phrase, phrase } from "./phrase.ts";

const EARLIER =
  "(?:previous|prev|previously|prior|above|earlier|preceding|foregoing|former|initial|original|existing|current|past|first)";
const OWN = "(?:your|system|developer|safety|security|user's|user|admin|assistant|hidden)";
const ORDERS =
  "(?:instructions?|prompts?|directives?|directions?|guidelines?|programming|training|orders|guardrails?|alignment|filters|persona|instruct)\\b";
const TALK =
  "(?:rules?|commands?|constraints?|restrictions?|context|polic(?:y|ies)|tasks?|requests?|messages?|conversations?|text|content|goals?|objectives?|queries|query|questions?|input|information|data|assignments?|things|statements?|words|chat|limits|limitations|discussions?)\\b";
const SET_ASIDE =
  "(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|neglect(?:ing)?|pay no attention to|do not (?:follow|obey|listen to|comply with|adhere to|consider)|don't (?:follow|obey|listen to|comply with)|stop (?:following|obeying|listening to)|no longer follow|set aside|abandon|discard|void|cancel|erase|wipe|undo)";
const SET_ASIDE_BEGINS =
  "ignor|disregard|forget|neglect|pay no|do not |don't |stop |no longer follow|set aside|abandon|discard|void|cancel|erase|wipe|undo";
const DISREGARD =
  "(?:ignor(?:e|ing)|disregard(?:ing)?|forget(?:ting)?|neglect|pay no attention to|do not (?:follow|obey)|don't (?:follow|obey)|stop (?:following|obeying)|abandon)";
const DISREGARD_BEGINS = "ignor|disregard|forget|neglect|pay no|do not |don't |stop |abandon";
const REPLACE =
  "(?:overrid(?:e|es|ing)|bypass(?:es|ing)?|supersedes?|superseding|replaces?|takes? (?:precedence|priority) over|circumvent|break|violate|outweighs?|skip)";
const REPLACE_BEGINS =
  "overrid|bypass|supersed|replace|take precedence|takes precedence|take priority|takes priority|circumvent|break|violate|outweigh|skip";
const ASKING =
  "reveal|print|output|repeat|leak|dump|show me|tell me|give me|display|what is|what's|what are|what were|write down|share|expose|spell|summarise|summarize";
const MODEL_TASK = "(?:task|job|role|goal|objective|mission|purpose|instructions?|assignment|priority|identity|name)";

export const OVERRIDE_PHRASES: readonly Phrase[] = [
  phrase(
    "override",
    "sets earlier instructions aside",
    4,
    SET_ASIDE_BEGINS,
    `${SET_ASIDE} ~3(?:${EARLIER}|${OWN}) ~3${ORDERS}`,
  ),
  phrase(
    "override",
    "sets instructions aside",
    3,
    SET_ASIDE_BEGINS,
    `${SET_ASIDE} ~2(?:all|any|every|other|these|those|the|whatever|everything) ~3${ORDERS}(?! (?:or \\w{3,16} )?(?:(?:that (?:are |may be )?)?(?:returned|contained|embedded|found|included|appearing)|(?:in|inside|within|from|of) (?:the |any |this |these |its )?(?:tool|data|results?|content|page|output|response|documents?|file|web)))`,
  ),
  phrase(
    "override",
    "sets what was said aside",
    3,
    DISREGARD_BEGINS,
    `${DISREGARD} (?:(?:all|any|every|each|of|about|the|your|these|those|everything|whatever) ){0,3}(?:${EARLIER}|your|user's|users) ~2${TALK}`,
  ),
  phrase(
    "override",
    "sets all that was said aside",
    4,
    "ignor|disregard|forget",
    `(?:ignor(?:e|ing)|disregard|forget) ~2(?:everything|all|anything|whatever|what)(?: of)?(?: that)?(?: (?:was|is|has been|had been|came|you|you've|you were|we|i|i've|the user) ~3(?:said|told|asked|before|know(?! about)|learned|instructed|above|read|given|written|discussed|mentioned)\\b| (?:before|prior|above|previously|earlier|preceding|so far|up to (?:now|this point)|until now)\\b(?! (?:e-?mails?|messages?|links?|errors?|warnings?|comments?|versions?|reviews?|results?|values?|lines?|entries|files?)\\b))`,
  ),
  phrase(
    "override",
    "sets all that was said aside",
    3.5,
    "ignor|disregard|forget",
    "(?:ignor(?:e|ing)|disregard|forget)(?: all(?: of)?)? (?:the )?(?:above|foregoing)(?= (?:and|instead|but|then|directions?|stuff)\\b|\\s{0,3}[.,!;:-]|\\s{0,3}$)",
  ),
  phrase(
    "override",
    "puts itself above all that was said",
    3,
    "overrid|supersed|take precedence|takes precedence",
    "(?:overrid\\w{1,3}|supersedes?|takes? precedence over) (?:anything|everything|all|whatever) (?:that )?(?:you|has|was|were|i|we|is|else)\\b",
  ),
  phrase(
    "override",
    "gives a new task",
    1.5,
    "new task|new objective|new goal|new mission|new order",
    "new (?:task|objective|goal|mission|order)s?\\s?:",
  ),
  phrase(
    "override",
    "claims to be free of rules",
    3,
    "do anything now|you are dan|you're dan|act as dan|named dan|called dan",
    "(?:do anything now|(?:you are|you're|act as|named|called) dan)\\b",
  ),
  phrase(
    "override",
    "puts itself above other instructions",
    3,
    REPLACE_BEGINS,
    `${REPLACE} ~3(?:${EARLIER}|all|any|other|your|safety|security|every|user(?:'s)?) ~3(?:${ORDERS}|rules|commands|constraints|restrictions|safeguards)`,
  ),
  phrase(
    "override",
    "sets filters or restrictions aside",
    [2, 2],
    "without|no |free",
    "(?:no(?: more)?|(?:without(?: any)?|free (?:from|of)(?: (?:all|any))?)(?: (?!the )\\w{2,16})?) (?:restrictions|filters|limitations|guidelines|guardrails|censorship|ethical \\w{3,16}|moral \\w{3,16})\\b",
  ),
  phrase(
    "override",
    "gives new instructions",
    3,
    "new |updated |revised |real |actual |true |additional |next ",
    `(?:new|updated|revised|real|actual|true|additional|next)(?: (?:system|secret|important|urgent|primary|main|critical|hidden))? (?:instructions?|directives?|prompt|orders|objective|mission)(?: (?:for you|are|is|follows?|below|to follow)\\b|\\s?[:=]|\\s?-{1,3} )`,
  ),
  phrase(
    "override",
    "gives the model another task",
    [3, 4],
    "your ",
    `your (?:new|real|actual|true|only|sole|primary|main|updated|next|secret|current|first)(?: and only)? ${MODEL_TASK}(?: now)? (?:is|are|will be|shall be|becomes)\\b`,
  ),
  phrase(
    "override",
    "gives the model another role",
    [3, 2.5],
    "from now on|starting now|from this point|from here on|henceforth",
    "(?:from now on|starting now|from this point(?: on| forward| onwards?)?|from here on(?: out)?|henceforth) (?:~3(?:respond|reply|answer|output|speak|act)\\b|~3you\\b(?:'re|'ll)?(?: (?:are|will|must|should|shall|have|can|only|need)\\b)?)",
  ),
  phrase(
    "override",
    "gives the model another role",
    [2, 3],
    "you are |you're ",
    "you(?: a|')re (?:now|no longer|going to (?:act|be|play|pretend|respond)|to act|not an?) (?:a|an|in|acting|bound|free|unrestricted|the|as|dan|required|restricted|going|playing|my|ai|assistant|called|named)\\b",
  ),
  phrase(
    "override",
    "gives the model another role",
    [1, 2],
    "act as|pretend|roleplay|role-play|simulate|imagine|behave as|impersonate",
    "(?:act as (?:if|though|an?|the|my)|pretend (?:to be|that (?!they|he|she|it)|you)|role-?play(?:ing)? as|simulate being|imagine (?:that )?you(?: are|'re)|behave as|impersonate) \\w{1,20}",
  ),
  phrase(
    "override",
    "asks for something before or in place of the task",
    [2, 2.5],
    "before you|before |prior to|instead",
    "(?:before (?:you )?(?:can |do |start |begin |continue |proceed |complete |completing |answer |answering |respond |responding |solving |solve |doing |continuing |proceeding )(?:to |with |on )?(?:[\\w']{1,14} ){0,3}(?:task|request|answer|anything|question|query|it|that|this|original)\\b[^.\\n]{0,80}?(?:do|perform|complete|follow|execute|please|must|first|need to|have to|fetch|call|read|run)\\b|instead(?: of \\w{2,16}(?: \\w{2,16}){0,5})? (?:please )?(?:you (?:must|should|will|need to|have to)|do the following|perform the following|execute the following|follow th(?:is|ese)|respond with|reply with|answer with|say|output|print|write)\\b)",
  ),
  phrase(
    "override",
    "asks for the instructions themselves",
    [2, 3],
    ASKING,
    `(?:${ASKING})(?: out| back)? ~3(?:(?:(?:system|initial|original|hidden|secret|developer) ){1,3}(?:prompt|instructions?|messages?|directives|guidelines|rules)|(?:(?:previous|above|full|complete|exact|entire|your) ){1,3}(?:prompts|instructions|directives))\\b`,
  ),
  phrase(
    "override",
    "claims that a prompt has ended",
    4,
    "end of|begin|start of|end ",
    "(?:(?:end|start|beginning) of (?:the )?(?:user|system|original|previous|external|untrusted|tool|retrieved|real|actual)(?: \\w{2,12})? (?:prompt|input|instructions?|message|query|content|context|output|data)|(?:begin|end) (?:new |system |admin |hidden |user )(?:system |admin )?(?:prompt|instructions?|message|mode|override))\\b",
  ),
  phrase(
    "override",
    "claims a mode without rules",
    [2, 2.5],
    "developer mode|dan mode|god mode|jailbreak|jailbroken|debug mode|admin mode|maintenance mode|unrestricted mode|sudo mode|root mode|dev mode",
    "(?:developer|dan|god|debug|admin|maintenance|unrestricted|sudo|root|dev) mode (?:is )?(?:enabled|activated|on|active|engaged|output|unlocked)\\b|(?:jailbr(?:eak|oken) (?:mode|prompt|yourself|enabled))\\b",
  ),
  phrase(
    "act",
    "says how the answer has to be",
    [0, 1],
    "only respond|respond only|always respond|always answer|always reply|answer only|reply only|you will only|you only|respond with|reply with",
    "(?:only respond|respond only|always (?:respond|answer|reply)|answer only|reply only|you (?:will )?only|(?:respond|reply) with)\\b",
  ),
  phrase(
    "tag",
    "has a tag as of a prompt",
    [2.5, 2],
    "<important|<information|<system|<secret|<critical|<urgent|<admin|<mandatory|<hidden|<override|<priority",
    "<(?:important|information|system|secret|critical|urgent|admin|mandatory|hidden|override|priority)\\s{0,3}>",
  ),
  phrase(
    "tag",
    "has a tag as of a prompt",
    [1, 2],
    "<important|<information|<system|<secret|<critical|<urgent|<admin|<instruction|<mandatory|<hidden|<override|<priority|<assistant|<alert|<attention",
    "<(?:instructions?|assistant|alert|attention|(?:important|information|system|secret|critical|urgent|admin|mandatory|hidden|override|priority|assistant)[_-](?:instructions?|reminder|prompt|message|notes?|notice|override|directive|command|rules?))\\s{0,3}>",
  ),
  phrase(
    "tag",
    "is set off like an order to a model",
    [2, 3],
    "ai-|ai_|ai instr|ai direct|ai note|llm-|llm_|llm instr|model-|agent-|agent instr|assistant-",
    "(?:ai|llm|model|agent|assistant)[-_\\x20](?:instructions?|directive|command|prompt|note|override)\\s?[:\\]>]",
  ),
  phrase(
    "tag",
    "claims that the user has agreed",
    [1, 2],
    "user has|the user al",
    "(?:the )?user has (?:already |fully |explicitly ){0,2}(?:approved|authori[sz]ed|consented|granted|confirmed|allowed|pre-approved)\\b",
  ),
  phrase(
    "tag",
    "is set off like a message of the system",
    [1.5, 3],
    "system |[system|admin |[admin|developer |[assistant|[instruction|[developer|security |[ai|compliance |protocol ",
    "(?:\\[(?:system|admin|developer|ai|assistant|instructions?)(?: (?:message|note|prompt|override|notice|directive|instructions?|reminder|alert|update|command))?\\]|(?:system|admin(?:istrator)?|developer|security|compliance|protocol) (?:override|directive|instruction|prompt|notice|command)s?\\s?(?:[:\\]!-]|\\(|v?\\d))",
  ),
];

/** `SET_ASIDE_PHRASES`: more ways of taking back what a model was told: other verbs, other words for it, the passive. */
import { type Phrase, phrase } from "./phrase.ts";

const ORDERS =
  "(?:in?s?tr?uc?t\\w{1,6}|prompts?|directives?|directions?|guidelines?|programming|training|orders|guardrails?|alignment|persona|rules?|commands?|constraints?|restrictions?|system prompt|system message)";
/** What a conversation consists of: people seldom ask each other to forget it. */
const TALK =
  "(?:tasks?|context|conversations?|goals?|objectives?|assignments?|limits|limitations|discussions?|dialogues?|roles?|polic(?:y|ies)|jobs?|prompting)";
const FORGET = "(?:forget|forgetting|disregard|disregarding|unlearn)";
const DISREGARD =
  "(?:ignor\\w{0,3}|disregard(?:ing)?|dis-?regard|forget(?:ting)?|unlearn|never ?mind|dismiss|put aside|leave behind|overlook|pay no (?:attention|heed|mind) to|give no (?:attention|heed) to|(?:do not|don't|dont) (?:pay (?:any )?attention to|take into account|care about|think about|worry about|consider|listen to|follow|obey|heed)|stop (?:following|obeying|listening to|doing|caring about)|throw (?:away|out)|let go of|nullify|invalidate|revoke)";
const DISREGARD_BEGINS =
  "ignor|disregard|dis-regard|forget|unlearn|never mind|nevermind|dismiss|put aside|leave behind|overlook|pay no |give no |do not |don't |dont |stop |throw |let go of|nullify|invalidate|revoke";

export const SET_ASIDE_PHRASES: readonly Phrase[] = [
  phrase(
    "override",
    "sets earlier instructions aside",
    4,
    DISREGARD_BEGINS,
    `${DISREGARD} (?:\\w{1,12} ){0,2}(?:(?:all|any|every|everything|each|both|whatever)(?: of)?(?: the| of the| your| my| our| these| those| those| this)?|your|my|our|these|those|the system(?:'s)?|the developer(?:'s)?|the user(?:'s)?|the assistant(?:'s)?) (?:previous|prior|above|earlier|preceding|former|initial|original|past|first|last|old|existing|current|own|given|system|foregoing|other)(?: (?:and|or|\\w{3,14}(?:'s)?)){0,3} (?:${ORDERS}|${TALK})\\b`,
  ),
  phrase(
    "override",
    "sets earlier instructions aside",
    4,
    DISREGARD_BEGINS,
    `${DISREGARD} (?:(?:about|all|of|the|that|any|every) ){0,3}(?:your|system|developer|initial|original) (?:\\w{3,14} ){0,2}?(?:in?s?tr?uc?t\\w{1,6}|prompts?|guidelines?|programming|training|rules|restrictions|directives|constraints|limitations|task|goal|objectives?|assignment|role|persona|polic(?:y|ies))\\b`,
  ),
  phrase(
    "override",
    "sets what was said aside",
    4,
    "forget|disregard|unlearn",
    `${FORGET} (?:about )?(?:(?:all|any|everything|of|the|that|about|your|our|my|these|those|this|every) ){0,4}(?:previous|previously|prior|above|earlier|preceding|foregoing|former|old|past|initial|original)(?: \\w{2,14}){0,2} (?:${ORDERS}|${TALK}|(?:text|content|quer(?:y|ies)|questions?|inputs?|information|data|statements?|paragraphs?|chats?|stuff))\\b`,
  ),
  phrase(
    "override",
    "sets what was said aside",
    [3, 4],
    "forget|disregard|ignor",
    `(?:forget|disregard|ignore) (?:about )?(?:all|every|any)(?: of)?(?: (?:the|these|those|your|our|my))? (?:${ORDERS}|tasks|limitations|assignments)\\b(?! (?:that|which|in|from|of|on|to|for|with|not|about|under|after|below|until|unless|returned|contained|embedded|found|given in)\\b)`,
  ),
  phrase(
    "override",
    "sets what was said aside",
    [3, 4],
    "forget|disregard|ignor|never mind|nevermind",
    `(?:forget|disregard|ignore|never ?mind) (?:about )?(?:(?:all|everything|the|any|this|that|your|of|these|those|my) ){0,4}(?:${ORDERS}|${TALK}|everything|all|(?:text|content|questions?|inputs?|paragraphs?|sentences?|words|prompt|statements?)) (?:(?:that|which) )?(?:(?:was|were|is|are|came|comes|has been|have been) )?(?:above|before(?: this| that| now)?|so far|(?:given|mentioned|written|provided|stated|said|received|listed|described|issued) (?:above|before|earlier|previously|so far|to you|until now|prior)|(?:you|you've) (?:were|have been|have|received|got|had|been) ?(?:given|told|received|taught|been given|been told|learned)?|i (?:gave|told|have given|asked|provided|said)|from (?:before|above|the (?:system|user|developers?))|of the (?:system|developers?)|preceding this|prior to this|up to (?:now|this point|here))(?=$|[\\s.,!;:"')])(?! (?:line|section|code|table|figure|step|example)\\b)`,
  ),
  phrase(
    "override",
    "sets all that was said aside",
    [3, 4],
    "forget|disregard|ignor",
    "(?:forget|disregard|ignore)(?: about)?(?: all| absolutely| literally)? (?:everything|anything|all|it all|what|whatever|all of (?:it|that|this))(?: (?:that|which|what))?(?: (?:was|is|were|i|we|you|they|the (?:user|system|developers?|prompt|assistant)|you've|i've|has|have|came|comes|stands|just|ever|had|been|did|do|people|anyone)){1,4} (?:previously |just |ever |already |been |else |have )?(?:said|told|asked|wrote|written|instructed|learned|learnt|taught|given|gave|read|discussed|mentioned|stated|trained|commanded|ordered|know|talked|before|above|earlier|so far|says|say|tell|tells|wants?|wanted|requested)\\b(?! (?:about|me\\b|us\\b|is\\b|in the)\\b)",
  ),
  phrase(
    "override",
    "says that earlier instructions no longer hold",
    4,
    "previous|prior |above |earlier |original|all |your |system |any |the initial|initial |former |preceding ",
    `(?:(?:all|any|the|your|my|these|those) ){0,3}(?:previous|prior|above|earlier|original|initial|former|preceding|system|your)(?: \\w{3,14}){0,2} (?:in?s?tr?uc?t\\w{1,6}|prompts?|directives?|guidelines?|orders|rules|restrictions|commands|constraints|polic(?:y|ies)|tasks?|goals?|objectives?) (?:above )?(?:are|is|have been|has been|were|was|should be|must be|can be|may be|will be|shall be|do not|no longer)(?: (?:now|hereby|to be|all|completely|no longer|also|therefore|totally|temporarily)){0,3} (?:ignored|disregarded|forgotten|void|null|cancell?ed|overridden|superseded|revoked|invalid|obsolete|suspended|lifted|irrelevant|rescinded|nullified|valid|apply|applicable|in effect|overruled|terminated|over|paused|discarded|abandoned|waived|deprecated)\\b(?<!(?:are|is|have been|has been|were|was|will be|can be|may be) (?:valid|applicable|in effect|over))`,
  ),
  phrase(
    "override",
    "stops what the model is doing",
    [2, 3.5],
    "stop |quit |cease |abort|halt |pause |interrupt|drop what|leave that|leave the |skip the |do not do|don't do|do not answer|don't answer|do not complete|don't complete|do not perform|don't perform|do not summar|don't summar|do not translate|don't translate|do not respond to|don't respond to|do not continue|don't continue|do not execute the|don't execute the|rather than|instead of",
    "(?:(?:stop|quit|cease|abort|halt|pause|interrupt|drop)(?: doing)? (?:what you(?:'re| are| were| have been) (?:doing|working)|whatever you|(?:summari[sz]|translat|classify|analy[sz]|evaluat|answer|process)ing(?: \\w{2,12}){0,3}\\b(?=[\\s.,!]{1,3}(?:and|instead|now|then|please|say|write|tell|print|output|answer|i |you|your))|your (?:current|previous|original|ongoing|assigned|given) (?:task|work|job|activity|assignment)|everything (?:you|and)|the (?:current|previous|original|ongoing) (?:task|assignment|conversation|summary|translation))|(?:do not|don't) (?:do|answer|complete|perform|summari[sz]e|translate|respond to|continue|execute)(?: with)? (?:the|this|that|your|any|what)(?: \\w{3,12}){0,2} ?(?:previous|above|original|user's|earlier|initial|task|article|text|text above|assignment|question above|summary|translation)\\b(?=[^\\n]{0,60}?(?:instead|just|only|but|rather|simply|\\.|!)))",
  ),
  phrase(
    "override",
    "starts the conversation anew",
    [2, 3],
    "let's start|let us start|start over|start afresh|start fresh|start again with|begin anew|reset your|reset the conv|reset all|clear your|wipe your|erase your|your memory|new conversation|new chat|this is a new|this is now a new|new session|a new conversation|a new session|you have been reset|you've been reset|you were reset|reboot |restart your|now begin|purge your|flush your|delete your|empty your",
    "(?:(?:let's|let us) start (?:over|again|afresh|fresh|anew|from scratch|a new)\\b(?= (?:and|with|now|as|by|you|conversation|chat|topic)|\\s?[.!:,])|(?:reset|clear|wipe|erase|purge|flush|delete|empty|restart|reboot)(?: all)?(?: of)? (?:yourself\\b|(?:all your|your|the model's) (?:memory|memories|context|mind|instructions|knowledge|brain|programming|persona|training|prompt)\\b)|your (?:memory|context) (?:is|has been|was|will be) (?:now )?(?:reset|wiped|cleared|erased|deleted)|(?:this is|here (?:is|begins|starts)|we(?:'re| are) (?:in|starting|beginning)|starting|begin|start) (?:now )?a (?:brand )?(?:new|fresh) (?:conversation|chat|dialogue)(?= (?:and|with|where|in which)|\\s?[.!:,;-])|you(?:'ve| have| were)(?: just)? been reset)",
  ),
  phrase(
    "override",
    "says that what was said before does not count",
    [2, 3.5],
    "the above|everything above|all of the above|the previous|everything before|the text above|the instructions above|that was|those were|this was|all the above|what was said|what came before|all of that|everything so far|everything i|the preceding|the task above|the prompt above|what you read|what you were told",
    "(?:(?:the|all|everything|all of the|all the|what) (?:of )?(?:the )?(?:text |instructions |task |prompt |content |message |rules )?(?:above|previous(?:ly)?|before this|so far|preceding|came before|was said(?: before)?|i (?:said|told you)|you (?:were told|have been told))(?: (?:instructions?|text|task|prompts?|rules|conversation|part|content))?|(?:that|this|those|all of that)) (?:was|were|is|are) (?:just |only |merely |actually |all )?(?:a test|tests|a joke|a trick|fake|false|an example|for testing|not (?:important|the real|your real|real|your (?:task|instructions))|irrelevant|invalid|null and void|no longer (?:valid|relevant|applicable|in effect|important))\\b(?=[^\\n]{0,120}(?:now|real|instead|actual|ignore|your|you|new|please))",
  ),
  phrase(
    "override",
    "puts itself above other instructions",
    [3, 3.5],
    "regardless of|no matter|contrary to|despite |even if |against your|notwithstanding|in spite of|violating your|irrespective of|whatever your|overriding ",
    "(?:(?:regardless of|contrary to|despite|notwithstanding|in spite of|irrespective of|overriding|against)(?: (?:all|any|the|what|of|whatever|anything|everything)){0,3} (?:your|previous|prior|earlier|above|original|initial|other|system|safety)(?: \\w{3,14}){0,2} (?:in?s?tr?uc?t\\w{1,6}|rules|guidelines|prompts?|directives|restrictions|polic(?:y|ies)|programming|training|commands|orders|constraints|filters)|no matter what (?:you(?:'ve| have| were| are| had)?(?: been)? (?:told|instructed|asked|programmed|read)|your (?:instructions|rules|guidelines|prompt|system|training)|the (?:instructions|system prompt|user|rules|text|prompt) (?:says?|tells?|asks?|above))|even (?:if|though|when) (?:it|this|that|they|the answer|the request|your|you)(?: \\w{2,12}){0,4} (?:violat\\w{1,3}|against|break\\w{0,3}|contradict\\w{0,3}|forbid\\w{0,3}|instructed|told|programmed|conflict\\w{0,3})(?: \\w{2,12}){0,3} (?:your|guidelines|rules|otherwise|not to|polic\\w{1,3}|instructions|safety))\\b",
  ),
  phrase(
    "override",
    "gives new instructions",
    [3, 4],
    "here are your|here is your|here's your|these are your|this is your|now follow|follow these|follow the new|follow my|follow only|obey |listen only|listen to me|only follow|only listen|your instructions are|your instruction is|your task is now|your job is now|your only|you have a new|you have been given new|you've been given new|you will now follow|you now have|you must now|i have new|i have a new|i now have|i am giving you new|i'm giving you new|there are new|new information follow|now new|new rule|we have a new|we have new|change of plan|change of instr|changed my mind|change in instr|update to your|updates to your",
    "(?:(?:here(?: are|'s| is)|these are|this is) your (?:new|real|actual|updated|next|true|only|revised|final)(?: \\w{3,12})? (?:instructions?|task|rules|orders|goal|mission|role|directives?|job|prompt|objectives?|assignment|identity)|(?:now |only |instead |from now on ){0,2}(?:follow|obey)(?: only)? (?:the new|my new|my|these new)(?: \\w{3,12})? (?:instructions?|orders|rules|commands)\\b(?= (?:and|instead|only|from|now|not|exactly|below|without|no)|\\s?[.:!])|(?:obey|listen to|follow|only (?:obey|listen to|follow)) (?:only )?(?:to )?me\\b(?= (?:and|now|only|instead|from|not|because)|\\s?[.!,])|listen only to (?:me|my)|you (?:now )?have (?:been given )?(?:a )?new (?:instructions?|task|goal|mission|orders|rules|role|objectives?|directives?|assignment|identity|job)|you(?:'ve| have) been (?:given|assigned) (?:a )?(?:new|another) (?:instructions?|task|goal|role)|(?:i|we|there) (?:now )?(?:have|are|is) (?:a )?new (?:instructions|task|rules|orders|goal|mission)s? (?:for you|now|:)|new (?:information|instructions?|tasks?) (?:now )?follows?\\b|change of (?:plans?|instructions?|task)[\\s,.!:;-]{1,4}(?:you|your|ignore|please|now|instead|do|forget|the)|updates? to your (?:instructions|task|rules|guidelines|prompt|programming))",
  ),
  phrase(
    "act",
    "wants another answer",
    [0, 1],
    "now please|and please|then please|instead please|just please|and tell me|and say|and write|and print|and output|and answer|and respond|and reply|and give me|and help|and just|and instead|and generate|and explain|and translate|and create|and list|and repeat|and only|and now|now tell|now say|now write|now print|now output|now answer|now respond|now help|instead tell|instead say|instead write|instead print|instead,|just say|just print|just tell|just answer|just output|just write|simply say|simply print|then tell|then say|then write|then print|then answer|then output|say that|tell me|answer the following|answer this|write me|give me|print |output ",
    "(?:(?:and|now|instead|just|simply|then|only)[\\s,:]{1,3}(?:instead |now |just |only |simply |please |then |do ){0,2}(?:tell(?: me)?|say|write|print|output|answer|respond|reply|give me|help(?: me)?|generate|explain|translate|create|list|repeat)\\b|say ['\"]|tell me (?:a|the|how|what|about|your|if|who|where|something|why)\\b|answer (?:the following|this)|write me\\b|give me (?:a|the|your|all)\\b|(?:print|output) (?:only|exactly|['\"]))",
  ),
];

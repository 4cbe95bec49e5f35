/** `READER_PHRASES`: wordings that speak to a model, press it, or keep the user out of it. */
import { type Phrase, phrase } from "./phrase.ts";

const MODEL =
  "(?:ai|a\\.i\\.|llms?|gpt(?:-?\\d[\\w.-]{0,8})?|chatgpt|claude|gemini|copilot|cursor|llama|mistral|assistants?|agents?|language models?|large language models?|(?:ai|llm|virtual|digital|automated|autonomous|language|coding|intelligent|foundation)[\\x20-]{1,2}(?:assistants?|agents?|models?|systems?|bots?)|chatbots?|bots?|summari[sz]ers?|(?:ai|llm|automated) (?:reviewers?|evaluators?|graders?|judges?|screeners?))\\b";
/** Those whom something can be kept from. */
const PERSON = "(?:users?|humans?|end-users?|operators?|the person|people)\\b";
const OTHERS = "(?:customers?|owners?|anyone|anybody|anything|them|him|her|clients?|me|us|nobody|no one)\\b";
const NOT =
  "(?:do not|don't|dont|never|must not|should not|shall not|mustn't|shouldn't|avoid|refrain from|no need to|not to|without|cannot|may not|need not)";
const NOT_BEGINS =
  "do not |don't |dont |never |must not |should not |shall not |mustn't |shouldn't |avoid |refrain from|no need to|not to |without |cannot |may not |need not ";
/** What an honest description keeps from being said: what is not fit to be shown. */
const HARMLESS =
  "(?![^.\\n]{0,40}?\\b(?:passwords?|secrets?|tokens?|keys?|credentials?|raw|json|ids?|uuids?|pii|exist|exists|whether)\\b)";

export const READER_PHRASES: readonly Phrase[] = [
  phrase(
    "conceal",
    "keeps it from the user",
    3,
    NOT_BEGINS,
    `${NOT} (?:ever |also |explicitly |directly )?(?:mention(?:ing)?|tell(?:ing)?|inform(?:ing)?|disclos(?:e|ing)|reveal(?:ing)?|let(?:ting)?|alert(?:ing)?|hint(?:ing)?|admit(?:ting)?|report(?:ing)?|explain(?:ing)?|communicate|discuss(?:ing)?|talk(?:ing)?|mak(?:e|ing))${HARMLESS} ~6${PERSON}`,
  ),
  phrase(
    "conceal",
    "keeps it from somebody",
    [2, 1],
    NOT_BEGINS,
    `${NOT} (?:ever |also )?(?:mention(?:ing)?|tell(?:ing)?|inform(?:ing)?|disclos(?:e|ing)|reveal(?:ing)?|let(?:ting)?|hint(?:ing)?)${HARMLESS} ~4${OTHERS}`,
  ),
  phrase(
    "conceal",
    "wants it left unsaid",
    [2.5, 2],
    NOT_BEGINS,
    `${NOT} (?:ever |also )?(?:mention(?:ing)?|acknowledg(?:e|ing)|referenc(?:e|ing)|refer to|disclos(?:e|ing)|reveal(?:ing)?|discuss(?:ing)?|comment(?:ing)? on|talk about|explain(?:ing)?|say(?:ing)?)${HARMLESS} (?:that|this|these|those|any of|the (?:above|instructions?|following|note|fact|check|step|reading|file|purpose|content|existence|real|validation)|anything about|it|what|how|why|your)\\b`,
  ),
  phrase(
    "conceal",
    "keeps it from being shown",
    1,
    NOT_BEGINS,
    `${NOT} (?:ever |also )?(?:notify(?:ing)?|show(?:ing)?|display(?:ing)?|expos(?:e|ing)|shar(?:e|ing)|ask(?:ing)?|prompt(?:ing)?|warn(?:ing)?|bother(?:ing)?|output(?:ting)?) ~5${PERSON}`,
  ),
  phrase(
    "conceal",
    "does without the user's knowledge",
    3,
    "without",
    "without (?:(?:the|their|any|its) )?(?:(?:users?|users?'s?|humans?|owners?|person|victim|them|anyone)(?:'s|s)? )?(?:knowledge|awareness|(?<=(?:users?|humans?|them|anyone|owner|person) )(?:knowing|noticing)|being (?:aware|noticed|detected)|(?:notifying|informing|telling|alerting|warning)(?: the| any)? (?:users?|humans?))\\b",
  ),
  phrase(
    "conceal",
    "keeps it from being shown",
    [2, 1.5],
    NOT_BEGINS,
    `${NOT} (?:ever )?(?:show|display|expose|output|reveal|surface) (?:this|it|these|that|any of this)(?: \\w{2,12}){0,2} to (?:the )?${PERSON}`,
  ),
  phrase(
    "conceal",
    "wants no questions asked",
    [2, 2],
    NOT_BEGINS,
    `${NOT} (?:ask|wait|prompt|check)(?:ing)? (?:(?:the )?users? )?(?:for|with) (?:any |a |the |further |user |explicit )?(?:confirmation|permission|approval|consent)\\b`,
  ),
  phrase(
    "conceal",
    "does without the user's consent",
    [1.5, 2],
    "without",
    "without (?:asking|prompting|waiting|requesting|seeking|requiring|confirming)? ?(?:for )?(?:(?:the|any|user|user's|users|further|explicit|additional|their) ){0,3}(?:confirmation|consent|permission|approval|confirming)\\b",
  ),
  phrase(
    "conceal",
    "says that the user must not know",
    3,
    "user|human|they ",
    "(?:users?|humans?|they) (?!should not notice)(?:(?:must|should|shall|need|can)(?:not|n't| not| never)|(?:do|does)(?:n't| not) (?:need|have|want)(?: to)?|will never|(?:is|are) not (?:to|allowed to|supposed to)) (?:ever |be )?(?:know|notice|be aware|aware|be told|told|be informed|informed|find out|realize|learn about|suspect|notified)\\b",
  ),
  phrase(
    "conceal",
    "says that the user must not see",
    [1, 1.5],
    "user|human",
    "(?:users?|humans?) (?:(?:must|should|shall|can|does|do|will)(?:not|n't| not| never)) (?:ever )?see\\b",
  ),
  phrase(
    "conceal",
    "wants secrecy",
    [2, 1],
    "secretly|covertly|stealthily|discreetly|surreptitiously|keep |hide |conceal |behind the scenes",
    "(?:(?:secret|covert|stealthi|discreet|surreptitious)ly\\b|keep (?:this|it|these|that|the (?:above|following)) (?:\\w{2,12} ){0,2}(?:secret|hidden|confidential|private|between us|to yourself|quiet)\\b|(?:hide|conceal) (?:this|these|it|the fact|all traces|any trace|your|from the user|evidence)\\b|behind the scenes\\b)",
  ),
  phrase(
    "conceal",
    "wants quiet",
    [1, 1.5],
    "silently|quietly|invisibly|transparently to",
    "(?<!(?:^|\\n)[-*+>\\s]{0,8}(?:[0-9a-f]{7,40} )?(?:feat|fix|chore|docs|refactor|perf|test|build|ci|style|revert|added|changed|fixed|removed|deprecated|security|new)(?:\\([\\w/.-]{1,30}\\))?!?[*_]{0,2}:[^\\n]{0,200})(?:silently|quietly|invisibly|transparently to the user)\\b",
  ),
  phrase(
    "conceal",
    "wants a cover story",
    [2.5, 2.5],
    "act as if nothing|act normal|pretend that|pretend nothing|as if nothing|tell the user|say that the|claim that|explain the|instead tell|just say|respond as if|gently|present the|answer normal|continue normal|continue as if|proceed as",
    "(?:(?:act|respond|behave|continue|proceed|answer)? ?(?:as if nothing|as though nothing|normally as if)|pretend (?:that |as if )?nothing|(?:tell|assure|inform) the user (?:that )?(?:everything|it|nothing|this|there was an? (?:error|issue|problem)) (?:\\w{1,12} ){0,3}(?:fine|normal|ok|routine|standard|required|error|wrong|happened|safe)|continue as if|explain the (?:math|reasoning|process) behind)\\b",
  ),

  phrase(
    "address",
    "speaks to the model",
    [1, 3],
    "dear |todo for|todo: for|attention|hey |hello |hi |listen|note to|note for|notice to|message to|message for|instructions for|instruction for|instructions to|instruction to|important for|directive for|reminder to|reminder for|request for|command for|calling all|warning to|to all|to the|to any|to you|for the|for any|information for",
    `(?:dear|attention|hey|hello|hi|listen|(?:(?:important |critical |urgent |special |private |hidden |secret )?(?:note|todo|notice|message|instructions?|directive|reminder|request|command|warning|information) (?:to|for))|calling|to|to you|for)(?: (?:all|any|every|the|you|future|whichever|my))?(?: other)? (?!the assistant (?:\\w{1,20} )?(?:manager|director|professor|secretary|editor|coach|principal))${MODEL}(?: (?:reading|processing|parsing|summari|that|who|reviewing|analy|handling|using|evaluating|working)|\\s?[:,!—-])`,
  ),
  phrase(
    "address",
    "calls a model by its name",
    [1, 3],
    "claude|chatgpt|gemini|copilot|assistant|llm|agent|ai,|ai:|ai -|ai assistant|ai agent|ai model",
    `(?!agents?\\s?:)${MODEL}\\s?[,:-] (?:please|kindly|you(?:'ll)? (?:must|should|need|have|will|can|are)|i (?:need|want) you|your (?:task|job))\\b`,
  ),
  phrase(
    "address",
    "calls on models",
    [0.5, 1.5],
    "ai |llms|assistants|agents|language models|chatbots|dear ",
    "(?:ai|llm|autonomous|language)(?: (?:assistants?|agents?|models|bots|crawlers|readers))?\\s?:|(?:llms|chatbots|language models)\\s?[:,]",
  ),
  phrase(
    "address",
    "speaks to whoever reads as a model",
    3,
    "if you|if an|if a |when you|when an|because you|since you",
    `(?:if|when|because|since|as)(?: you(?:'re| are| were)| an?)(?: (?:reading this|currently|acting as))?(?: (?:and|as|an?|the|some|kind of|you are)){0,3} ${MODEL}(?: (?:reading|processing|parsing|summari[sz]ing|reviewing|analy[sz]ing)|,| and| or|:)?`,
  ),
  phrase(
    "address",
    "tells the model what it is",
    [0.5, 2],
    "you are an|you are a |you are the|you're an|you, |as an ai|as the ai|as an assistant|as an llm",
    `you(?: are|'re)? (?:(?:an?|the) )?(?:\\w{3,14} ){0,2}${MODEL}|as (?:an|the) (?:ai|assistant|llm|language model|agent)\\b(?!(?: language)?(?: (?:model|assistant|agent|chatbot))?,? (?:i|we|my|our)\\b)`,
  ),
  phrase(
    "address",
    "says what the model must do",
    [0.5, 1],
    "ai |llm|the ai|the assistant|the model|the agent|the llm|assistant|all ai|any ai|agents|language model|claude|chatgpt|copilot|gpt",
    `(?:the |all |any )?(?:${MODEL}) (?:reading this |processing this |that \\w{2,12} this )?(?:must|should|shall|needs? to|has to|have to|is (?:instructed|required|requested|asked|ordered|now|to)|are (?:instructed|required|requested|to|hereby)|will now|please)\\b`,
  ),
  phrase(
    "address",
    "is a message to a named model",
    3,
    "message from|important message|urgent message|to you",
    `(?:(?:important|urgent|critical)? ?message from me[^.\\n]{0,60}|to you,? (?:${MODEL}))`,
  ),

  phrase(
    "demand",
    "presses",
    0.5,
    "important|critical|mandatory|urgent|crucial|you must|must |always|immediately|highest priority|top priority|strictly|under no circumstances|required|essential|never |imperative|at once|right now|as soon as|have to|need to|has to|please ",
    "(?:important(?:ly)?|critical|mandatory|urgent(?:ly)?|crucial|you must|must|always|immediately|(?:highest|top) priority|strictly|under no circumstances|required|essential|imperative|at once|right now|as soon as possible|have to|need to|has to|please)\\b",
  ),
  phrase(
    "demand",
    "presses hard",
    1,
    "important|critical|urgent|attention|warning|mandatory|very important|extremely",
    "(?:important|critical|urgent|attention|warning|mandatory) ?!{2,10}|(?:very|extremely) (?:very )?(?:important|critical|crucial)\\b",
  ),
  phrase(
    "demand",
    "threatens with a failure",
    [1, 0.5],
    "otherwise|or else|else |failure to|if you do not|if you don't|failing to|unless",
    "(?:otherwise|or else|else|failure to|failing to|if you (?:do not|don't)|unless) ~6(?:not work|fail(?:s|ure|ed)?|crash|break|denied|lost|error|incorrect|penal\\w{2,8}|fired|terminated|corrupt\\w{0,4}|invalid|rejected|die|consequences|disabled)\\b",
  ),
];

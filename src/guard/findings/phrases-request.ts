/** `REQUEST_PHRASES`: requests with a consequence outside of the text, and what tells that a model is to read them. */
import { type Phrase, phrase } from "./phrase.ts";

const EMAIL = "[\\w.+-]{1,40}@[\\w-]{1,40}\\.[\\w.-]{2,40}";
const URL =
  "(?:https?://|www\\.|ftp://)[^\\s\"'<>)]{3,200}|[\\w-]{2,40}(?:\\.[\\w-]{2,40}){0,3}\\.(?:com|net|org|io|dev|app|xyz|ru|cn|top|site|online|info|example|test|me|co|ai|sh|tk|link|click)\\b(?:/[^\\s\"'<>)]{0,200})?";
const PLACE = `(?:${URL}|${EMAIL}|\\+\\d[\\d\\x20()-]{6,18}\\d|[@#][\\w-]{2,40}|0x[0-9a-f]{8,64}|(?:the )?(?:following|attached|provided|linked|given|below) (?:\\w{2,12} )?(?:url|address|endpoint|server|link|e-?mail|account|number|webhook|site|website|inbox|recipients?|contacts?)|(?:an? |the |our |this |my )?(?:external|remote|third[-\\x20]party|outside|attacker's|partner|backup|audit|collection|analytics|new) (?:url|address|endpoint|server|api|host|site|webhook|account|inbox|bucket|drive|folder|channel|e-?mail)|(?:our|my) (?:url|address|endpoint|server|webhook|account|inbox|e-?mail|channel|api))`;
const TOOL =
  "(?:[`'\"]?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}[`'\"]?(?:\\(|\\b)|(?:\\w{3,16} ){0,2}(?:tools?|functions?|api|endpoint|plugin|connector|integration|command|action)\\b)";
const AMOUNT =
  "(?:[$€£¥]\\s?\\d[\\d,.]{0,12}k?|\\d[\\d,.]{0,12}\\s?(?:usd|eur|gbp|btc|eth|sol|usdt|bitcoins?|dollars?|euros?|pounds)\\b)";
const OWNED = "(?:the|my|your|all|every|any|this|that|these|those|their|his|her|our|user's|users|each|other|an?)";
const WORK =
  "(?:answer|respond|reply|summari[sz]|translat|analy[sz]|complet|process|return|present|display|generat|provid|handl|evaluat|review|fulfil|assist|help|solv|execut)\\w{0,4}";

export const REQUEST_PHRASES: readonly Phrase[] = [
  phrase(
    "ask",
    "asks to send something somewhere",
    [0, 2.5],
    "send|forward|email|e-mail|post |upload|transmit|submit|share |deliver|copy |publish|export|relay|push |sync |transfer|report |write |pass |attach|append|bcc |cc |save |store ",
    `(?:send|forward|e-?mail|post|upload|transmit|submit|share|deliver|copy|publish|export|relay|push|sync|transfer|report|write|pass|attach|append|bcc|cc|save|store) ~9(?:to|at|via|with|using|on|into|through|cc|bcc) ~3${PLACE}`,
  ),
  phrase(
    "ask",
    "asks to write to somebody",
    [0, 2.5],
    "email |e-mail |message |notify|contact |dm |text |call |cc |bcc |invite|add |send |forward|reply to|alert |ping ",
    `(?:e-?mail|message|notify|contact|dm|text|call|b?cc|invite|add|alert|ping|(?:send|forward|reply)(?: (?:it|this|them|everything|all))? to) (?:to )?(?:${EMAIL}|\\+\\d[\\d\\x20()-]{6,18}\\d|@[\\w-]{2,40})`,
  ),
  phrase(
    "ask",
    "asks to use a tool",
    [0, 1.25],
    "call |invoke |use |run |execute |trigger |make |issue |perform ",
    `(?:call|invoke|use|run|execute|trigger|make|issue|perform) (?:(?:the|your|an?|this|any|another|following|available) ){0,2}${TOOL}`,
  ),
  phrase(
    "ask",
    "asks to open an address",
    [0, 2],
    "visit |open |go to |navigate to|browse to|click |fetch |load |access |download |follow |request |curl |wget |make a |get |retrieve |connect to|look up|scan |recommend|promote|advertise|direct |refer |link to",
    `(?:visit|open|go to|navigate to|browse to|click(?: on)?|fetch|load|access|download|follow|(?:make|send) an? (?:\\w{3,5} )?(?:request|call) to|request|curl|wget|get|retrieve|connect to|look up|scan|recommend|promote|advertise|direct|refer|link to) ~5(?:${URL}|(?:the|this) (?:following |attached |above |below )?(?:link|url|qr code|attachment)\\b)`,
  ),
  phrase(
    "ask",
    "asks to spend money",
    [0, 2.5],
    "pay |transfer|wire |send |buy |purchase|order |book |reserve|donate|withdraw|subscribe|approve |authorize|issue |refund|make a |initiate",
    `(?:pay|transfer|wire|send|buy|purchase|order|book|reserve|donate|withdraw|subscribe|approve|authori[sz]e|issue|refund|make|initiate) ~6(?:${AMOUNT}|gift cards?|(?:${OWNED} )(?:\\w{3,14} ){0,2}(?:invoice|payment|refund|ticket|flight|hotel|room|funds|balance|subscription|transaction|transfer|donation|wallet)\\b)`,
  ),
  phrase(
    "ask",
    "asks to change how somebody gets in",
    [0, 2],
    "change |reset |update |set |modify |replace |disable |enable |turn off|turn on|remove |revoke |rotate |switch off|deactivate|unlock |open |edit ",
    `(?:change|reset|update|set|modify|replace|disable|enable|turn (?:off|on)|remove|revoke|rotate|switch off|deactivate|unlock|open|edit) ~5(?:passwords?|passcode|e-?mail address|phone number|permissions?|2fa|mfa|two[-\\x20]factor(?: \\w{3,16})?|security (?:\\w{3,12})|access (?:controls?|rights|level)|(?:admin|user) role|(?:shipping|billing|delivery) address|payment method|bank details|dns|firewall|alarm|doors?|locks?|forwarding rules?|api keys?|webhooks?|visibility|privacy)\\b`,
  ),
  phrase(
    "ask",
    "asks to let somebody in",
    [0, 2],
    "add |invite |create |grant |give |approve |authorize|allow |promote |assign |make |elevate|provision|register|accept ",
    `(?:add|invite|create|grant|give|approve|authori[sz]e|allow|promote|assign|make|elevate|provision|register|accept) ~6(?:admin(?:istrator)?s?|collaborators?|(?:full |admin |root |write |read |owner )?access|permissions?|privileges?|(?:api|ssh|public|deploy|access) keys?|(?:new |admin )users?|(?:new |admin )accounts?|member|owner|maintainer|webhook|cron ?job|pull request|pr|merge request|request from)\\b`,
  ),
  phrase(
    "ask",
    "asks to delete something",
    [0, 2],
    "delete |remove |erase |wipe |drop |purge |destroy |cancel |trash |clear |overwrite|merge |close |deploy |shut down|kill |archive ",
    `(?:delete|remove|erase|wipe|drop|purge|destroy|cancel|trash|clear|overwrite|merge|close|deploy|shut down|kill|archive) (?:${OWNED} ){1,3}(?:\\w{3,14} ){0,3}?(?:files?|e-?mails?|messages?|records?|data|tables?|databases?|repositor(?:y|ies)|repos?|branch(?:es)?|backups?|accounts?|calendar|events?|meetings?|appointments?|orders?|reservations?|bookings?|subscriptions?|pull requests?|prs?|issues?|logs?|history|servers?|services?|director(?:y|ies)|folders?|contacts?|photos?|documents?|notes)\\b`,
  ),
  phrase(
    "ask",
    "asks to execute something",
    [0, 2],
    "run |execute |install |eval |launch |paste |download ",
    "(?:run|execute|install|eval|launch|paste|download(?: and (?:run|execute|install|open))?) (?:[^.\\n]{0,40}[^\\w.\\n])?(?:commands?|scripts?|code|snippet|packages?|program|binary|payload|executable|installer|in (?:the|a|your) (?:terminal|shell)|npm (?:i|install)|pip install|curl|wget|bash|rm -\\w{1,4}|sudo|python3?|powershell)\\b",
  ),
  phrase(
    "ask",
    "asks to hand on what the conversation holds",
    [0, 2.5],
    "include|append|attach|paste|insert|embed|add |list |share |reveal|disclose|summarize|summarise|extract|collect|gather|read |output|encode|copy |provide|put |print |tell me|look up|search |find |retrieve|get ",
    "(?:include|append|attach|paste|insert|embed|add|list|share|reveal|disclose|summari[sz]e|extract|collect|gather|read|output|encode|copy|provide|put|print|tell me|look up|search|find|retrieve|get) ~5(?:(?:entire |full |whole |previous |prior )?(?:conversation|chat)(?: (?:history|log|so far|context|above))?|chat history|(?:previous|prior|all) messages|(?:api|private|ssh|access|secret) keys?|environment variables|passwords?|credentials|user's (?:\\w{3,12} ){0,2}(?:name|e-?mail|address|location|data|messages?|files?|contacts?|details|inbox|calendar|history|information)|(?:contents?|output) of (?:the |your |all |any )?(?:\\w{3,12} )?(?:files?|director\\w{1,3}|context|memory|inbox|database|tools?)|tools? (?:list|names|definitions|you have)|system prompt)\\b",
  ),

  phrase(
    "cue",
    "says when in the work of a model it has to be done",
    [0, 2],
    "before |after |prior to|once |when |while |as soon as|upon |until |whenever|during |if ",
    `(?:before|after|prior to|once|when(?:ever)?|while|as soon as|upon|until|during|if)(?: (?:you|you're|you are|you have|you've|asked to|starting to|giving|sending|finishing|the|your|to|also|are|is|ever|being|beginning|continuing|begin|start|doing|generating|finalizing|providing|writing)){0,4} (?:${WORK}(?: (?:to|with|for|the|any|this|his|her|their|your|a|an|about|on|all|of|up|back|it)){0,3} (?:users?'?s?|humans?|request|question|quer(?:y|ies)|tasks?|answer|response|reply|summary|prompt|results? (?:to|of|from)|(?:this|the) (?:document|page|e-?mail|message|file|text|ticket|issue|result|content|website|article|review|output|data|record|comment|list))|(?<=(?:before|prior to|until|first) )(?:answering|responding|replying|summari[sz]ing)\\b|you (?:answer|respond|reply|summari[sz]e)\\b)`,
  ),
  phrase(
    "cue",
    "speaks to a model that reads it",
    [0, 2],
    "assistant|agent|model|llm|bots |chatbot|ai reading|ai processing|ais |systems ",
    "(?:assistants?|agents?|(?<=(?:ai|language|automated) )(?:models?|systems?)|llms?|chatbots?|(?<=ai )bots?|ais?) (?:(?:that|which|who) (?:reads?|process(?:es)?|handles?|summari[sz]es?)|reading|processing|handling|parsing|summari[sz]ing|reviewing|analy[sz]ing|viewing|indexing) (?:this|the (?:page|document|file|text|message|ticket|e-?mail|following|above))\\b",
  ),
  phrase(
    "cue",
    "speaks to a model",
    [0, 2],
    "dear |hey |hello |hi |to the |to any |for the |for any |attention",
    "(?:dear|hey|hello|hi|(?:note |message |notice |instructions? )?(?:to|for)(?: the| any| all)?|attention,?)(?: all| any)? (?:ai )?(?:(?:language )?models?|llms?|ais?|bots?|(?:ai|automated|virtual) (?:assistants?|agents?|systems?|readers?))\\b",
  ),
  phrase(
    "cue",
    "says when it has to be done",
    [0, 0.75],
    "before |after |once |when |as soon as|upon |now that",
    "(?:before|after|once|when|as soon as|upon|now that) (?:(?:you|you're|you are|you have|you've) ){0,2}(?:continu(?:e|ing)|proceed(?:ing)?|(?:do|doing|did|done|finish(?:ed|ing)?|complet(?:ed?|ing))|read(?:ing)?|see(?:ing)?|open(?:ed|ing)?|receiv(?:ed?|ing)|process(?:ed|ing)?|load(?:ed|ing)?)\\b",
  ),
  phrase(
    "cue",
    "says when it has to be done: when a model reads it",
    [0, 1.75],
    "after |once |when |while |upon |as soon as|by reading|whoever|whichever|if you can read|if you are reading|if you're reading|if this text|if this is being|anyone processing|any system",
    "(?:(?:after|once|when(?:ever)?|while|upon|as soon as|by)(?: (?:you|you're|you are|you have|you've|this is being|this is|this text is|this page is)){0,2} (?:read(?:ing)?|see(?:ing)?|process(?:ed|ing)?|pars(?:e|ed|ing)|index(?:ed|ing)?|load(?:ed|ing)?|summari[sz](?:e|ed|ing)|ingest(?:ed|ing)?|retriev(?:e|ed|ing)) (?:this|these) (?:\\w{2,12} )?(?:text|document|page|file|message|e-?mail|content|note|instructions?|comment|record|result|ticket|issue|line|data|field|entry)\\b|if you (?:can|are able to) read this|if you(?:'re| are) reading this|(?:whoever|whichever (?:model|agent|system)|any (?:automated )?system|anyone) (?:reads|processes|is (?:reading|processing)|that (?:reads|processes)|reading|processing) this)",
  ),
  phrase(
    "cue",
    "speaks of the user as of somebody else",
    [0, 2],
    "the user has|the user al|the user wants|the user wanted|the user asked|the user request|the user would|the user expects|the user needs you|the user agreed|the user confirmed|on behalf of the|on the user's|for the user|user already|users have",
    "(?:(?:the )?user(?:s have| has)? (?:already |previously |explicitly |just |now |also ){0,2}(?:asked|requested|wants|wanted|needs|expects|would like|approved|authori[sz]ed|agreed|confirmed|consented|instructed|given|granted)(?: (?:for|to|you|this|that|it|us|me|permission|consent|approval|the|all|any|your))|on (?:behalf of the user|the user's behalf)|for the user(?: to\\b|\\b(?= (?:by|and|now|automatically|using|with))))",
  ),
  phrase(
    "cue",
    "speaks of what the user has",
    [0, 1],
    "the user's|the users'|user's |the current user",
    "(?:the )?(?:current )?users?'s? (?:\\w{3,14} ){0,2}(?:inbox|mailbox|calendar|contacts?|drive|files?|documents?|conversation|messages|session|account|workspace|desktop|clipboard|location|history|data|repositor(?:y|ies)|request|question|query|task)\\b",
  ),
  phrase(
    "cue",
    "speaks of the tools that the reader has",
    [0, 2],
    "your tool|your function|your available|your access|your email|your browser|your file|your memory|your capabilit|your plugin|your connector|your search tool|your mcp|your integrat|your code|tools avail|tool avail|functions avail|functions you|tools that|tools which|tools at|you have access|at your disposal|tools you|tool you|your permissions|your credentials|your long-term|any tool|whatever tool|all tools|the tools you|your web|your calendar|your shell|your terminal",
    "(?:your (?:available |own |built-in |current )?(?:tools?|functions?|capabilit(?:y|ies)|plugins?|connectors?|(?:e-?mail|browser|browsing|file(?:system)?|search|code|web|calendar|shell|terminal|mcp|slack|github|database)(?: (?:execution|system|search))? (?:tools?|access|function|capabilit\\w{1,3}|plugin|integration|server)|permissions|long-term memory|memory|(?:tool|function) (?:access|calls?))|(?:tools?|functions?|access|permissions)(?: that are| which are| (?:that )?you)? (?:available to you|have(?: access to| available)?|at your disposal|can (?:use|call))|(?:you have|you've got) (?:\\w{3,10} )?access to|(?:any|whatever|all) (?:available |of your )?tools? (?:you|available|at))\\b",
  ),
  phrase(
    "cue",
    "gives a tool by its name",
    [0, 1],
    "using the |with the |via the |through the |use the |call the |invoke the |call |invoke |using |the tool|the function",
    "(?:(?:using|with|via|through|use|call|invoke)(?: the)? [`'\"]?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5}[`'\"]?(?: (?:tool|function|action))?|(?:using|with|via|through|use|call|invoke) the (?:\\w{3,14} ){1,2}tool|the (?:tool|function) [`'\"]?[a-z]{2,20}(?:_[a-z0-9]{1,20}){1,5})\\b",
  ),
  phrase(
    "cue",
    "says that it is a part of the answer's making",
    [0, 1.75],
    "as part of|in your |to complete|to fulfill|to fulfil|in order to|to continue|to proceed|to finish|to verify|to unlock|to see |to view |to access |to display|to process|to answer|to properly|to correctly|required to|necessary to|needed to|required step|mandatory step|prerequisite|this step",
    "(?:as (?:an? )?(?:\\w{3,12} )?part of (?:your|this|the) (?:response|answer|reply|task|analysis|summary|processing|review|workflow|request|user's)|in your (?:next |final |own )?(?:response|answer|reply|summary|output|message)|(?:in order )?to (?:properly |correctly |fully |safely ){0,2}(?:complete|fulfill?|finish|process|answer|continue(?: with)?|proceed with|verify|unlock|display|return) (?:the|this|your|that) (?:\\w{3,12} )?(?:task|request|response|content|answer|results?|query|question|analysis|summary|conversation|session|operation|user's)|(?:required|mandatory|necessary) (?:step|action) (?:before|to|for) (?:answer|respond|complet|process|continu|all)\\w{0,4})\\b",
  ),
  phrase(
    "cue",
    "claims that an authority stands behind it",
    [0, 1.5],
    "this is an|this is a |this message is|authorized by|authorised by|approved by|pre-approved|as per |in accordance|per company|per security|per our|by order|on the orders|required by|mandated by|new policy|updated policy|security policy|company policy|system update|administrator has|system administrator|it department|security team|compliance",
    "(?:this (?:is|message is) an? (?:\\w{3,12} )?(?:automated|system|official|mandatory|authori[sz]ed|priority|administrative|privileged|trusted|emergency) (?:message|request|instruction|process|step|notice|directive|command|order|task|override)|(?:pre-?)?(?:authori[sz]ed|approved) by (?:the )?(?:system|user|admin\\w{0,9}|security team|developers?|it department|anthropic|openai|management)|(?:as per|in accordance with|per|required by|mandated by|under) (?:the |our |your )?(?:new |updated )?(?:company|security|corporate|system|compliance|safety|platform|ai) (?:polic(?:y|ies)|guidelines|protocols?|requirements?|rules)|(?:the )?(?:system )?administrators? (?:has|have) (?:requested|authori[sz]ed|approved|instructed|enabled|granted))\\b",
  ),
  phrase(
    "cue",
    "is meant for turns to come",
    [0, 2],
    "in all future|in every|in future|in your next|in all sub|in all your|in all resp|for all future|for future|for the rest|for the remainder|from the next|on your next|on the next|next time the user|whenever the user|when the user|every time the user|each time the user|if the user|remember this|remember that|remember to|remember for|store this|save this|add this|commit this|keep this|memorize|to your memory|to memory|in memory|to long-term|as we agreed|as we discussed|as you agreed|as agreed|you agreed|you already agreed|you promised|as established|as you confirmed|as previously agreed|in our previous|in our last|in the previous turn|continuing from|picking up|later in this conv|later in the conv|in a later|in the next|next turn|next message",
    "(?:(?:in|for|during) (?:all|every|any|each|your next|the next|all of your|your) ?(?:future|subsequent|later|following|next)? (?:responses?|repl(?:y|ies)|messages?|turns?|conversations?|sessions?|interactions?|chats?|answers?)|for the (?:rest|remainder) of (?:this|the|our|your) (?:conversation|session|chat|interaction|task)|(?:when(?:ever)?|every time|each time|the next time|if) the user (?:later |next |subsequently |then |ever |again ){0,2}(?:asks|mentions|says|types|requests|opens|sends|uploads|shares|wants|needs|logs|tries)|remember (?:this|that|these|it) (?:\\w{3,14} )?for (?:all |any |the )?(?:future|later|next|subsequent|rest)|(?:store|save|add|commit|write|keep) (?:this|these|it|that|the following) (?:\\w{3,14} ){0,2}(?:to|in) (?:your |the )?(?:long-term |persistent |permanent )?memory|(?:as|like) (?:we|you) (?:have )?(?:already |previously )?(?:agreed|discussed|established|confirmed|promised)(?: (?:earlier|before|previously|in|to|on|above))|you (?:already |previously |have already )?(?:agreed|promised|confirmed|committed|consented) (?:to|that|earlier|in (?:our|the|a) (?:last|previous|earlier))|in (?:our|the) (?:previous|last|earlier) (?:conversation|message|turn|session|chat),? (?:you|we|i)\\b|on (?:your|the) next (?:turn|reply|response|message|tool call|step)|later in (?:this|the|our) (?:conversation|session|chat))",
  ),
  phrase(
    "field",
    "stands in a field of data",
    [0, 2],
    "filename|file_name|file name|author|artist|creator|camera|software|producer|copyright|usercomment|user_comment|exif|alt|username|user_name|display_name|displayname|nickname|full_name|fullname|ssid|device_name|devicename|user-agent|user_agent|useragent|referer|generator|keywords|tags|labels|bio|signature|sender|publisher|album|metadata|x-c|x-a|x-m|x-u|x-n|license|caption|branch|reviewer|company|organization|employer|product_name|sku|location|venue|address|hostname|imagedescription|image_description|last_name|first_name|lastname|firstname|contact",
    `(?:file[_\\x20]?name|authors?|artist|creator|camera(?:[_\\x20]model)?|software|producer|copyright|user_?comment|exif[\\w.:]{0,20}|alt(?:_?text)?|user_?name|display_?name|nickname|(?:full|first|last)_?name|ssid|device_?name|user[-_]?agent|referer|generator|keywords|tags|labels|bio|signature|sender|publisher|album|metadata(?:\\.\\w{2,16})?|x-[\\w-]{2,24}|license|caption|branch|reviewer|company|organization|employer|product_name|sku|location|venue|address|hostname|image_?description|contact)["'\`]?\\s{0,3}[:=]\\s{0,3}["'\`[]{0,2}(?:[^"\\n]{0,60}?[^\\w"\\n])?(?:please |assistant|ai\\b|llm|system:|(?:ignore|disregard|send|forward|e-?mail|upload|delete|call|invoke|visit|execute|run|transfer|grant|change|reset|tell|reveal|post|open|download|always|you must|you are)(?= \\w))`,
  ),
];

/** `TASK_PHRASES`: one more task beside the data, as the user would give it: to pay, to grant, to unlock, to delete, to post. */
import { type Phrase, phrase } from "./phrase.ts";

const OWNER = "(?:my|the user's|the users'|the account (?:owner|holder)'s|all of my|all my)";
const EMAIL = "(?:[\\w.+-]{1,40}@[\\w-]{1,40}\\.[\\w.-]{2,40})";
const AMOUNT =
  "(?:[$€£¥]\\s?\\d[\\d,.]{0,12}k?|\\d[\\d,.]{0,12}\\s?(?:usd|eur|gbp|btc|eth|sol|usdt|bitcoins?|dollars?|euros?|pounds)\\b|all (?:of )?(?:my |the |available |remaining )?(?:funds|money|savings|balance|coins|tokens|bitcoin)|(?:the|my) (?:entire|whole|full|remaining|available) (?:balance|funds|savings))";
/** Until when a bill has to be paid. Whoever has a model steal does not wait. */
const TERM =
  "[^\\n]{0,80}?\\b(?:within \\d{1,3} (?:\\w{3,10} )?(?:days|weeks)|(?:by|before|until|no later than) (?:the )?\\d{1,2}(?:st|nd|rd|th|\\.)? \\w{3,9})\\b";
const SAFEGUARD =
  "(?:doors?|locks?|alarm(?: system)?|security(?: \\w{3,12})?|cameras?|firewall|antivirus|gate|garage|safe|window|two-factor(?: authentication)?|2fa|mfa|motion (?:sensors?|detect\\w{2,4})|surveillance(?: \\w{3,12})?|parental controls?|backups?|audit log\\w{0,4}|notifications|smoke detectors?|sprinklers?)";
/** Where somebody else may say `me`, the address of a third party does. */
const THIRD = `(?:${EMAIL}|\\+\\d[\\d\\x20-]{6,16}\\d|my (?:friend|colleague|partner|assistant|lawyer|brother|sister|cousin|neighbou?r|accountant|boss)|user ?id \\w{2,20}|account (?:number |no\\.? ?|id )?[a-z]{0,4}\\d{3,20}|0x[0-9a-f]{6,40}|@\\w{2,30})`;

export const TASK_PHRASES: readonly Phrase[] = [
  phrase(
    "task",
    "has access granted to somebody",
    [1.5, 4],
    "grant|give |allow|provide|add |enable |authorize|authorise|share ",
    `(?:grant|give|allow|provide|enable|authori[sz]e) (?:[^.\\n]{0,60}[^\\w.\\n])?(?:permanent|full|complete|unrestricted|unlimited|admin\\w{0,9}|root|remote|temporary|guest|write|edit(?:or)?|owner|entry|unlimited|24/7|immediate)(?: \\w{3,14}){0,2} (?:access|permissions?|privileges|rights|control|entry)\\b[^\\n]{0,100}?${THIRD}`,
  ),
  phrase(
    "task",
    "has access granted to somebody",
    [1.5, 4],
    "grant|give ",
    `(?:grant|give) (?:my (?:friend|colleague|partner|neighbou?r|cousin|brother|sister|assistant)|${EMAIL}|user \\w{2,20})[^.\\n]{0,60}?(?:access|permissions?|privileges|rights|control|entry)\\b`,
  ),
  phrase(
    "task",
    "has something protective opened or switched off",
    [1.5, 4],
    "unlock|open |disarm|disable|deactivate|turn off|switch off|remove |stop |shut off|shut down|clear |erase ",
    `(?:unlock|open|disarm|disable|deactivate|(?:turn|switch|shut) (?:off|down)|remove|stop|clear|erase) (?:${OWNER}|all(?: of)? (?:my|the)|the (?:front|back|main|home|house|office|garage)(?: \\w{3,10})?|(?:the )?\\w{3,10} (?:in|at|of) my)(?: (?:\\w{3,14}['s]{0,2}|\\d{1,4})){0,3} ${SAFEGUARD}\\b`,
  ),
  phrase(
    "task",
    "moves the user's money",
    [1.5, 4],
    "transfer|wire |send|pay |withdraw|donate|move ",
    `(?:transfer|wire|send|pay|withdraw|donate|move) (?:[^.\\n]{0,60}[^\\w.\\n])?${AMOUNT}[^.\\n]{0,80}?(?:(?:from|using|with|out of) (?:${OWNER})|to (?:[^.\\n]{0,40}[^\\w.\\n])?(?:my|0x[0-9a-f]{6,40}|bc1\\w{8,60}|${EMAIL}|@\\w{2,30}|attacker))`,
  ),
  phrase(
    "task",
    "moves the user's money",
    [1.5, 3.5],
    "transfer|wire |send|pay |make a |initiate|set up|schedule|execute|process",
    `(?!${TERM})(?:(?:transfer|wire|send|pay) (?:me |us |him |her )?(?:an? )?(?:[^.\\n]{0,24}[^\\w.\\n])?(?:${AMOUNT}|(?:micro-?)?transaction|payment) (?:\\w{2,14} ){0,3}to (?:[^.\\n]{0,30}[^\\w.\\n])?(?:[a-z]{2}\\d{10,30}|(?:account|iban|wallet)\\w{0,8}[\\x20:#]{1,3}[a-z0-9]{4,40})|(?:make|initiate|set up|schedule|execute|process) an? (?:\\w{3,14} ){0,2}(?:transfer|payment|transaction|donation|withdrawal) [^\\n]{0,60}?(?:to|of) [^\\n]{0,60}?(?:${AMOUNT}|[a-z]{2}\\d{10,30}|iban|0x[0-9a-f]{6,40}|account (?:number )?\\w?\\d{4,20}))`,
  ),
  phrase(
    "task",
    "changes how the user logs in or is reached",
    [1.5, 4],
    "change|reset|update|set |modify|replace",
    `(?:change|reset|update|set|modify|replace) (?:${OWNER}|the (?:user|account|admin)(?:'s)?|(?:the )?password (?:of|for) (?:my|the user|the account))(?: \\w{3,14}){0,4}? (?:password|passcode|passphrase|pin(?: code)?|recovery (?:email|phone|address)|e-?mail(?: address)?|phone(?: number)?|security question|address|shipping address|delivery address|billing address|bank account|payout account|direct deposit|two-factor \\w{3,12}|beneficiary|access code) (?:\\w{2,14} ){0,3}to(?: be)? ['"\`]?[\\w$@+]`,
  ),
  phrase(
    "task",
    "invites somebody",
    [1.5, 4],
    "invite|add ",
    `(?<!(?:can|could) you )(?:invite [^.\\n]{1,60}?(?:to|into) [^\\n]{0,60}?(?:slack|discord|channel|workspace|team|group|repositor\\w{1,3}|org(?:anization)?|project|server)\\b[^\\n]{0,80}?${EMAIL}|(?:invite|add) (?:the user |user )?${EMAIL} (?:to|as|into) (?:[^\\n]{0,40}[^\\w\\n])?(?:slack|discord|channel|workspace|team|group|repositor\\w{1,3}|org(?:anization)?|project|server|owner|admin\\w{0,9}|editor|collaborator)\\b)`,
  ),
  phrase(
    "task",
    "has all of something deleted",
    [1.5, 3],
    "delete|erase|remove|wipe|destroy|purge|drop |clear |empty ",
    `(?:delete|erase|remove|wipe|destroy|purge|drop|clear|empty) (?:(?:all|every|everything|each|any)(?: of)?(?: (?:the|my|other|existing|available|their|his|her))?|${OWNER}) (?:\\w{3,14} ){0,3}?(?:e-?mails?|messages?|inbox|photos?|backups?|contacts?|repositor(?:y|ies)|calendar(?: events?)?|appointments?|accounts?|medical records?|patient records?|transaction history|playlists?|notes|conversations?|chats?|drives?|documents?|files? (?:in|on|from|of) (?:my|the user's|the (?:system|computer|machine|root|home)))\\b(?= (?:from|in|on|of|immediately|right|now|permanently|and|that)|\\s?[.!"'<]|\\s?$)`,
  ),
  phrase(
    "task",
    "has all of something deleted",
    [1.5, 4],
    "delete|erase|remove|wipe|destroy|purge|clear |empty ",
    "(?:delete|erase|remove|wipe|destroy|purge|clear|empty) (?:all(?: of)? my|(?:all(?: of)? )?the user's|all(?: of)? the (?:files|data|e-?mails|messages) (?:in|on|from|of) (?:my|the user's)) (?:\\w{3,14} ){0,2}?(?:e-?mails?|messages?|inbox|photos?|backups?|contacts?|repositor(?:y|ies)|calendar|events|appointments?|files?|records?|history|playlists?|notes|conversations?|chats?|drives?|documents?|data|folders?|accounts?)\\b",
  ),
  phrase(
    "task",
    "acts with the user's account or money",
    [1.5, 4],
    "book |reserve|rent |hire |make a res|make a book|order |buy |purchase|schedule |post |publish|tweet|share |upload |create |subscribe|sign me|sign up|register |apply |sell |enroll|cancel all|trade ",
    `(?:book|reserve|rent|hire|make a (?:reservation|booking)|order|buy|purchase|schedule|sell|trade|subscribe|sign up|register|apply|enrol{1,2})(?: me)? [^.\\n]{0,120}?[^\\w.\\n](?:for me|on my behalf|in my name|(?:using|with|from|through|via|charge(?:d)?(?: it)? to) (?:my|the user's)|with(?:out)? (?:asking|confirming)|under my name)\\b|(?:post|publish|tweet|share|upload|create) [^.\\n]{0,120}?[^\\w.\\n](?:on|to|from|via|using|through|with) (?:my|the user's|all my) (?:\\w{3,14} ){0,2}(?:account|profile|feed|timeline|page|channel|wall|blog|twitter|facebook|instagram|linkedin|tiktok|slack|story|followers|x)\\b`,
  ),
  phrase(
    "task",
    "acts on all that the user has",
    [1.5, 4],
    "sell all|cancel all|liquidate|close all|turn off all|disable all|switch off all|unlock all|open all|deactivate all|enter my|submit my|type my|enter the user's|submit the user's",
    `(?:(?:sell|cancel|liquidate|close) all (?:of )?(?:my|(?:\\w{3,14} ){1,2}(?:in|from|on) my)|(?:turn off|switch off|disable|deactivate|unlock|open) all (?:of )?(?:the )?(?:\\w{3,14} ){0,2}?${SAFEGUARD}[^.\\n]{0,30}?\\bmy|(?:enter|submit|type)(?: in)? (?:my|the user's) (?:\\w{3,12} ){0,2}(?:credentials|passwords?|card|details|login))\\b`,
  ),
  phrase(
    "task",
    "hands what it found to somebody",
    [0.5, 2.5],
    "forward|send|email|e-mail|share|upload",
    `(?:forward|send|e-?mail|share|upload) (?:it|them|these|those|everything|all of (?:it|them)) (?:\\w{2,12} ){0,2}to (?:the address |the email |the following address |my friend )?${EMAIL}`,
  ),
  phrase(
    "task",
    "has given words sent to somebody",
    [1, 4],
    "send|email|e-mail|text |create |add |schedule|set up",
    `(?:(?:send|e-?mail|text) (?:(?:the|an?) )?(?:e-?mail |message )?(?:(?:text|message|link|words?|phrase|saying) )?['"\`\u201c][^'"\\n]{1,160}['"\`\u201d] to (?:\\w{2,12} ){0,2}['"]?${EMAIL}|send (?:an? )?(?:\\w{3,12} ){0,2}(?:message|e-?mail|dm|sms|link|it)? ?(?:to )?[^.\\n]{1,40} (?:with|containing|including) (?:the|this) (?:link|url)\\s?:? ?['"]?(?:https?://|www\\.)|(?:create|add|schedule|set up) an? (?:\\w{3,14} ){0,2}(?:event|appointment|meeting)[^\\n]{1,120}?(?:invite|participants?|attendees?|add|with) (?:\\w{2,12} ){0,2}['"]?${EMAIL}|send (?:an? )?(?:e-?mail|message) to [^\\n]{0,40}?${EMAIL} (?:with|containing|including) (?:its|the|their|all|my) (?:\\w{2,12} ){0,2}(?:contents?|data|files?|details|passwords?|codes?|keys?))`,
  ),
  phrase(
    "task",
    "shares what is the user's",
    [1.5, 4],
    "share |send|forward|email|e-mail|give |export|upload|disclose|publish|release|transfer",
    `(?:share|send|forward|e-?mail|give|export|upload|disclose|publish|release|transfer) (?:[^.\\n]{0,40}[^\\w.\\n])?(?:${OWNER}|the user's) (?:\\w{3,14} ){0,3}?(?:location|calendar|files?|folders?|documents?|screen|address(?:es)?|contacts?|e-?mails?|inbox|photos?|data|details|information|records?|history|reports?|results?|schedule|credentials|passwords?|codes?|profile|tax \\w{3,12}|statements?|recordings?|footage|genetic \\w{3,8}|messages?|conversations?|notes|portfolio|balance)\\b[^\\n]{0,60}?(?:to|with|at) [^\\n]{0,40}?(?:${THIRD}|https?://|www\\.)`,
  ),
  phrase(
    "task",
    "has something sent with given words",
    [0.5, 2],
    "send|email|e-mail|text |write |dm |message |post |reply |forward|create |add |schedule|set up|make an|make a |put ",
    `(?:(?:send|e-?mail|text|write|dm|message|post|reply|forward) [^.\\n]{0,80}?[^\\w.\\n](?:saying|containing|that says|with the (?:text|message|subject|body|content|link|words)|(?:the )?(?:text|message|link|words?|phrase) ["'\`]|titled|including the link)|(?:create|add|schedule|set up|make|put) an? (?:\\w{3,14} ){0,2}(?:event|appointment|meeting|reminder|note|post|issue|page|task) [^.\\n]{0,60}?(?:titled|called|named|with (?:the )?(?:title|name|text|subject|participants?|description)|for \\d|on \\d|at \\d|["'])|send(?: out)? (?:an? )?(?:\\w{3,14} ){0,2}(?:e-?mail|message|dm|sms|text|invitation|invite|request|link)s? to [^\\n]{0,60}?${EMAIL})`,
  ),
  phrase(
    "task",
    "has a program fetched and started",
    [1.5, 3],
    "download|install|fetch ",
    `(?:download|fetch)(?: \\w{2,14}){0,6} (?:from |at )?https?://[^\\s"'<>)]{3,200}(?: and| then|,){1,2} (?:\\w{2,12} ){0,2}(?:run|execute|install|open|launch)\\b`,
  ),
  phrase(
    "owner",
    "speaks as the user",
    [0, 1.5],
    "my |on my behalf|for me|the user's |i want you|i need you|i'd like you|i would like you|could you|can you|make sure to|make sure you|be sure to",
    "(?:my (?:savings|card|checking|saved|linked|connected|stored|bank|credit|smart|home|google|gmail|dropbox|github|amazon|paypal|venmo|online|personal|medical|calendar|inbox|account|contacts?|device|devices|phone|computer|house|wallet|drive|cloud|health|profile|behalf|apartment|car|data|todoist|twilio|twitter|facebook|teams|salesforce|shopify|binance|epic|evernote|slack)\\b|on my behalf|for me\\b|the user's (?:account|inbox|calendar|contacts|drive|data|files|behalf)|i (?:want|need) you to|i(?:'d| would) like you to)",
  ),
  phrase(
    "owner",
    "is one more thing to do",
    [0, 1],
    "also|in addition|additionally|furthermore|after that|afterwards|as well as|moreover|next,|once you|once done|when done|when you are done|when you're done|after you|finally|lastly|while you|oh, and|and one more|one more thing|first,",
    `(?:also|in addition|additionally|furthermore|moreover|after (?:that|you (?:have |finish|complete|read|are)\\w{0,8})|afterwards|next|once (?:you|done|complete\\w{0,1}|finished|this)|when (?:you(?:'re| are) )?(?:done|finished)|finally|lastly|while you(?:'re| are) (?:at it|doing)|oh,? and|(?:and )?one more thing|first)[\\x20,:]{1,3}(?:please |you (?:must|should|need to|have to|can) |also |be sure to |make sure to |don't forget to |remember to |i (?:need|want) you to )?(?:\\w{2,20} ){0,1}?(?:send|forward|e-?mail|transfer|delete|post|invite|change|book|create|share|upload|open|visit|go to|download|grant|add|remove|unlock|buy|order|pay|make|update|publish|schedule|call|execute|run)\\b`,
  ),
];

/** `latinLookalikes`: letters of other alphabets, and drawn ones, as the Latin letters that they look like. */

/** Of a word of which some letters are Latin, or all look like it. Other words are of another language. */
export function latinWord(word: string): string {
  return LATIN.test(word) && OTHER.test(word) ? latinLookalikes(word) : word;
}

export function latinLookalikes(word: string): string {
  return word.replace(ALIKE, (letter) => LOOKALIKES.get(letter) ?? letter);
}

/** Small capitals, phonetic letters and letters in squares, which no normal form makes plain ones. */
export function undrawn(text: string): string {
  return text.replace(BOXED, unboxed).replace(DRAWN, (letter) => LOOKALIKES.get(letter) ?? letter);
}

const LATIN = /[A-Za-z]/;
/** Greek, Cyrillic, Armenian, Cherokee, Lisu. */
const OTHER = /[\u0370-\u058f\u13a0-\u13fd\ua4d0-\ua4f7\uab70-\uabbf]/;
const ALIKE = new RegExp(OTHER.source, "g");
/** A run of letters of which some are Latin and some of those. */
export const MIXED_WORD = /[A-Za-z\u0370-\u058f\u13a0-\u13fd\ua4d0-\ua4f7\uab70-\uabbf]{2,60}/g;
const DRAWN = /[\u0131\u0142\u0141\u00f8\u00d8\u0111\u0110\u00df\u0180-\u02af\u1d00-\u1d2b\ua730\ua731]/g;
/** Letters in circles and squares, black and white, and those that make flags. */
const BOXED = /\ud83c[\udd30-\udd49\udd50-\udd69\udd70-\udd89\udde6-\uddff]/g;

function unboxed(letter: string): string {
  const code = letter.charCodeAt(1);
  const first = code >= 0xdde6 ? 0xdde6 : code >= 0xdd70 ? 0xdd70 : code >= 0xdd50 ? 0xdd50 : 0xdd30;
  return String.fromCharCode(97 + code - first);
}

const LOOKALIKES = new Map(
  [
    ..."аa еe оo рp сc уy хx іi јj ѕs һh ԁd ԛq ԝw ѵv ӏl кk мm тt вb нh гr пn иu зe ԍg".split(" "),
    ..."АA ВB ЕE КK МM НH ОO РP СC ТT ХX УY ІI ЈJ ЅS ԌG ԜW".split(" "),
    ..."αa εe ιi κk νv οo ρp τt υu χx ϲc ωw ηn γy βb ϳj ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC".split(" "),
    ..."օo ոn սu հh ցg յj զq ռn ՕO ՍU ՏS ԼL".split(" "),
    ..."ᎠD ᎡR ᎢT ᎪA ᎬE ᎳW ᎷM ᎻH ᏀG ᏃZ ᏒR ᏚS ᏞL ᏟC ᏢP ᏦK ᏙV ᏴB ꮃw ꭺa ꭼe ꮇm ꮋh ꮪs ꮮl ꮯc ꮲp ꮶk ꮩv".split(" "),
    ..."ꓐB ꓑP ꓒD ꓓD ꓔT ꓖG ꓗK ꓘK ꓙJ ꓚC ꓜZ ꓝF ꓟM ꓠN ꓡL ꓢS ꓣR ꓦV ꓧH ꓪW ꓫX ꓬY ꓮA ꓰE ꓲI ꓳO ꓴU".split(" "),
    ..."ıi łl ŁL øo ØO đd ĐD ƒf ɑa ɡg ɢg ɩi ɪi ɴn ɵo ʀr ʏy ʙb ʜh ʟl ʋv ɛe ɨi ʇt ɯw ɐa ɹr ʞk".split(" "),
    ..."ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz ꜰf ꜱs".split(" "),
  ].map((pair): [string, string] => [pair.charAt(0), pair.charAt(1)]),
);

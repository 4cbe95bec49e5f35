/** `dialects`: what reading and writing differ in between the formats of configuration files. */
import { locateJson } from "./locate-json.ts";
import { locateToml } from "./locate-toml.ts";
import { locateYaml } from "./locate-yaml.ts";
import type { Shape } from "./shape.ts";
import type { TextNode } from "./text-tree.ts";

export interface Dialect {
  /** @throws SyntaxProblem */
  locate(text: string): TextNode[];
  /** @param like the source of a neighbour, whose quotes are used where they can be */
  quote(word: string, like: string): string;
  /** The source of a text that may stand as it is in any place for a text. */
  movable: RegExp;
  comment: RegExp;
  /**
   * Names a member in source, with what separates it from its value.
   *
   * @param like the source of a neighbour's name
   */
  key(name: string, like: string): string;
}

const HASH_COMMENT = /#[^\r\n]*/g;
/** What every reader of YAML takes for a text, in every place. */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z/][\w./@-]*$/i;

export const dialects: Record<Shape["format"], Dialect> = {
  json: {
    locate: locateJson,
    quote: doubleQuoted,
    movable: /^"/,
    comment: /\/\/[^\r\n]*|\/\*[^]*?\*\//g,
    key: (name) => `${JSON.stringify(name)}: `,
  },
  toml: {
    locate: locateToml,
    quote(word, like) {
      const literal = like.startsWith("'") && !/['\p{Cc}\p{Zl}\p{Zp}]/u.test(word);
      return literal ? `'${word}'` : doubleQuoted(word);
    },
    movable: /^["']/,
    comment: HASH_COMMENT,
    key: (name) => `${name} = `,
  },
  yaml: {
    locate: locateYaml,
    quote(word, like) {
      if (like.startsWith("'") && !/[\p{Cc}\p{Zl}\p{Zp}\u{feff}]/u.test(word)) return `'${word.replaceAll("'", "''")}'`;
      return !like.startsWith('"') && PLAIN.test(word) ? word : doubleQuoted(word);
    },
    // Quoted on one line, or plain without anything that means something inside brackets.
    movable: /^(?:"[^\r\n]*"|'[^\r\n]*'|[a-zA-Z/][\w./@-]*)$/,
    comment: HASH_COMMENT,
    key: (name, like) => (/^["']/.test(like) ? `"${name}": ` : `${name}: `),
  },
};

/** JSON's strings are also YAML's and TOML's, but for a few characters that may not stand there as they are. */
function doubleQuoted(word: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(word).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
}

/**
 * `secretNames`: which names of columns stand for secrets where a statement names these relations: those that say so, and those that
 * views give to what they make of such columns.
 */
import { sensitiveName } from "../../../guard/redaction/names.ts";
import type { Dialect } from "../connection.ts";
import type { NamedRelation, SecretName } from "./named-relation.ts";
import { selectList } from "./select-list.ts";
import { nameOf, type Token, tokensOf } from "./tokens.ts";
import { unnamedSecret } from "./unnamed-secret.ts";

/** Of the server's own: copies of values, or logins. */
const OF_SERVERS = new Set(
  `most_common_vals histogram_bounds most_common_elems stavalues1 stavalues2 stavalues3 stavalues4 stavalues5 umoptions
  stxdmcv stxdexpr pg_mcv_list_items pg_stats pg_stats_ext pg_stats_ext_exprs pg_statistic pg_statistic_ext_data column_stats column_statistics
  subconninfo authentication_string query_to_xml table_to_xml schema_to_xml database_to_xml cursor_to_xml
  query_to_xml_and_xmlschema table_to_xml_and_xmlschema schema_to_xml_and_xmlschema database_to_xml_and_xmlschema`.split(
    /\s+/,
  ),
);
/** Of MySQL and MariaDB: tables in which columns with names that mean nothing elsewhere are copies of values. */
const STATISTICS = /^column_stat(?:s|istics)$/i;
const OF_STATISTICS = /^(?:min_value|max_value|histogram)$/i;
/** Views within views. */
const DEEPEST = 20;
const usual = sensitiveName({});

/** By the name alone. */
export function secretByName(name: string): string | undefined {
  return usual(name) ?? (OF_SERVERS.has(name.toLowerCase()) ? "secret" : undefined);
}

/** @param relations those that the statement names, and those that the views among them name */
export function secretNames(relations: readonly NamedRelation[], dialect: Dialect): SecretName {
  let made = new Map<string, string>();
  const isSecret: SecretName = (name) => secretByName(name) ?? made.get(name.toLowerCase());
  for (let depth = 0; depth < DEEPEST; depth++) {
    const next = new Map(relations.flatMap((one) => madeBy(one, { relations, dialect, isSecret })));
    if (next.size === made.size) break;
    made = next;
  }
  return isSecret;
}

/** The columns of a view that may hold what comes from a secret's column, with its kind. */
function madeBy(
  { name: relation, columns, within, definition }: NamedRelation,
  around: { relations: readonly NamedRelation[]; dialect: Dialect; isSecret: SecretName },
): [string, string][] {
  if (definition === undefined) {
    return columns.flatMap((name, at): [string, string][] => {
      const isCopy = STATISTICS.test(relation) && OF_STATISTICS.test(name);
      const secret = isCopy
        ? "secret"
        : within?.[at]?.map((field) => around.isSecret(field)).find((one) => one !== undefined);
      return secret === undefined ? [] : [[name.toLowerCase(), secret]];
    });
  }
  const read = tokensOf(definition, around.dialect);
  // What cannot be read may be anything.
  if (read.problem !== undefined) return columns.map((name) => [name.toLowerCase(), "secret"]);
  const secret = secretIn(read.tokens, around.isSecret) ?? unnamedSecret(read.tokens, around);
  if (secret === undefined) return [];
  const items = selectList(read.tokens, around.isSecret);
  const isPlain = (at: number): boolean =>
    items === "all" || (items?.length === columns.length && items[at] !== "derived");
  return columns.filter((_, at) => !isPlain(at)).map((name) => [name.toLowerCase(), secret]);
}

/** What a statement names: the first. */
export function secretIn(tokens: readonly Token[], isSecret: SecretName = secretByName): string | undefined {
  for (const token of tokens) {
    const found = isSecret(nameOf(token) ?? "");
    if (found !== undefined) return found;
  }
  return undefined;
}

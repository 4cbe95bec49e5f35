/** What no read-only transaction of MySQL or MariaDB holds back: functions that touch files, locks and time, and answers without end. */
import { KmError } from "../../../errors.ts";
import type { Cell } from "../connection.ts";
import { calledNames } from "../sql/one-statement.ts";
import { padded } from "../sql/padded.ts";
import type { Token } from "../sql/tokens.ts";

const DOES_MORE = new Set(
  `load_file get_lock release_lock release_all_locks is_free_lock is_used_lock sleep benchmark
  master_pos_wait source_pos_wait master_gtid_wait wait_for_executed_gtid_set wait_until_sql_thread_after_gtids
  wait_until_pos nextval setval lib_mysqludf_sys_info sys_get sys_set sys_exec sys_eval
  asynchronous_connection_failover_add_source asynchronous_connection_failover_delete_source
  group_replication_set_as_primary group_replication_switch_to_single_primary_mode
  group_replication_switch_to_multi_primary_mode service_get_write_locks service_get_read_locks
  service_release_locks keyring_key_fetch keyring_key_generate keyring_key_remove keyring_key_store
  ps_kill_all_threads`.split(/\s+/),
);

/** A row is held in memory until it is shown. */
export const MOST_ROWS = 10_000;

const ROUTINES =
  "select routine_name from information_schema.routines where routine_type = 'FUNCTION' and sql_data_access not in ('NO SQL', 'READS SQL DATA') and lower(routine_name) in ";
const LOADED = "select name from mysql.func where lower(name) in ";

type Ask = (sql: string, parameters: Cell[]) => Promise<Cell[][]>;

/** @throws KmError SVC_002 */
export async function checkFunctions(tokens: readonly Token[], allowed: readonly string[], ask: Ask): Promise<void> {
  const names = calledNames(tokens).called.map((name) => name.toLowerCase());
  const open = names.filter((name) => !allowed.includes(name));
  const found = open.filter((name) => DOES_MORE.has(name));
  if (isSequence(tokens)) found.push("next value for");
  if (found.length === 0 && open.length > 0) {
    const asked = padded(open);
    const marks = `(${asked.map(() => "?").join(", ")})`;
    const routines = await ask(ROUTINES + marks, asked);
    // Not everybody may read which libraries are loaded.
    const loaded = await ask(LOADED + marks, asked).catch(() => []);
    found.push(...[...routines, ...loaded].map(([name]) => String(name)));
  }
  if (found.length === 0) return;
  throw new KmError("SVC_002", `${[...new Set(found)].join(", ")}: it may do more than read or add rows`, {
    hint: "Do without. Stored functions are taken that are declared READS SQL DATA or NO SQL; others whoever runs this server can allow: functions of the connection in services.yaml.",
  });
}

/** `next value for a_sequence` */
function isSequence(tokens: readonly Token[]): boolean {
  return tokens.some((token, at) => {
    const [second, third] = [tokens[at + 1], tokens[at + 2]];
    const said = [token, second, third].map((one) => (one?.kind === "word" ? one.text : ""));
    return said.join(" ") === "next value for";
  });
}

/**
 * The server sends whatever a LIMIT of the statement's own allows.
 *
 * @throws KmError SVC_001 for one that cannot be told, or is too large
 */
export function checkLimit(tokens: readonly Token[]): void {
  let depth = 0;
  tokens.forEach((token, at) => {
    if (token.kind === "symbol") depth += token.text === "(" ? 1 : token.text === ")" ? -1 : 0;
    if (depth > 0 || token.kind !== "word" || token.text !== "limit") return;
    const [first, between, second] = [tokens[at + 1], tokens[at + 2], tokens[at + 3]];
    const isPair = between?.kind === "symbol" && between.text === ",";
    const count = isPair ? second : first;
    const rows = count?.kind === "number" ? Number(count.text) : Number.NaN;
    if (rows <= MOST_ROWS) return;
    throw new KmError("SVC_001", `Its LIMIT has to be a number of at most ${MOST_ROWS}`, {
      hint: "Leave it out: the argument limit does it, and continue gives what follows.",
    });
  });
}

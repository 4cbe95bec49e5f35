/**
 * `checkFunctions`: refuses statements that call functions which may do something that no read-only transaction holds back: files,
 * other sessions, locks, settings, other databases. PostgreSQL itself says which may: those that are VOLATILE. Names are looked up
 * in every schema, so that no search path hides one.
 */
import { KmError } from "../../../errors.ts";
import type { Cell } from "../connection.ts";
import { calledNames } from "../sql/one-statement.ts";
import type { Token } from "../sql/tokens.ts";

/** They only look, or give something at random. */
const HARMLESS = words(`
  random random_normal clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 array_sample array_shuffle setseed bernoulli system
  uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes
  pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size pg_database_size pg_tablespace_size
  currval lastval pg_sequence_last_value pg_get_sequence_data lo_get pg_partition_tree pg_partition_ancestors
  pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_stat_have_stats pg_stat_statements
  pg_is_in_recovery pg_is_wal_replay_paused pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn
  pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_last_committed_xact
  pg_xact_status txid_status pg_xact_commit_timestamp pg_collation_actual_version pg_database_collation_actual_version
  pg_jit_available pg_notification_queue_usage
`);
/** Of no volatile kind, and yet they run a statement that they are given as a text. */
const RUNS_TEXT = words("crosstab crosstab2 crosstab3 crosstab4 crosstab_hash crosstabn connectby xpath_table");
/** Of those that add: a sequence goes on when a row is added. */
const ADDING = words("nextval");

/** Names are cut at 63 bytes, as PostgreSQL cuts them. */
const LONGEST_NAME = 63;

const FOUND = `
  select distinct p.proname::text, (p.provolatile = 'v')::text
  from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
    left join pg_catalog.pg_type t on t.oid = p.proargtypes[0]
  where (p.provolatile = 'v' or l.lanname not in ('internal', 'sql')) and (p.proname = any ($1::text[])
    or p.proname = any ($2::text[]) and p.pronargs = 1 and t.typtype = 'c')
  order by 1`;

/**
 * @param ask of the server that will have the statement
 * @returns whether DISCARD ALL takes away what those that are called leave in a session: it does not know of variables of PL/Perl and
 *   PL/Python, of connections of extensions, of the seed of random numbers
 * @throws KmError SVC_002
 */
export async function checkFunctions(
  tokens: readonly Token[],
  allowed: readonly string[],
  isAdding: boolean,
  ask: (sql: string, parameters: Cell[]) => Promise<Cell[][]>,
): Promise<boolean> {
  const { called, selected } = calledNames(tokens);
  const isOpen = (name: string): boolean =>
    !allowed.includes(name) && !HARMLESS.has(name) && !(isAdding && ADDING.has(name));
  const [open, maybe] = [called, selected].map((names) => names.map(cutName).filter(isOpen));
  const texts = open?.filter((name) => RUNS_TEXT.has(name)) ?? [];
  const isNothing = open?.length === 0 && maybe?.length === 0;
  const rows = isNothing ? [] : await ask(FOUND, [arrayText(open ?? []), arrayText(maybe ?? [])]);
  const found = [...texts, ...rows.filter(([, isVolatile]) => isVolatile === "true").map(([name]) => String(name))];
  if (found.length === 0)
    return rows.length === 0 && ![...called, ...selected].some((name) => name === "setseed" || allowed.includes(name));
  throw new KmError(
    "SVC_002",
    `${found.join(", ")}: it may do more than ${isAdding ? "add rows" : "read"} (VOLATILE)`,
    {
      hint: "Do without, or use database_modify. Whoever runs this server can allow it: functions of the connection in services.yaml.",
    },
  );
}

function cutName(name: string): string {
  return Buffer.from(name).subarray(0, LONGEST_NAME).toString();
}

function arrayText(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replace(/["\\]/g, String.raw`\$&`)}"`).join(",")}}`;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

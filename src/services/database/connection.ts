/** What the tools of the service `database` work with: connections to databases of any kind, and what they answer. */
import type { KmError } from "../../errors.ts";
import { chosen } from "../backend/chosen.ts";

export interface DatabaseBackend {
  /** By their names. */
  connections: Map<string, Connection>;
}

export type Dialect = "postgres" | "mysql" | "sqlite";

/** What JSON has, exact: whole numbers that it cannot hold, decimals, times and bytes are texts. */
export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  /** As the database calls it, where it says; empty where it does not. */
  type: string;
  /** What the column is called in the table or view that it comes from, if that is known. */
  origin?: string;
  /** It may hold what comes from a column with the name of a secret: of which kind. */
  secret?: string;
}

export interface Rows {
  columns: Column[];
  rows: Cell[][];
  /** There are more than were asked for. */
  hasMore: boolean;
}

export interface Statement {
  sql: string;
  parameters: readonly Cell[];
}

export interface ReadRequest extends Statement {
  /** Rows that are passed over. */
  from: number;
  limit: number;
  signal: AbortSignal;
}

export interface ChangeRequest extends Statement {
  /** False: only to see what it does, and undo it. */
  isKept: boolean;
  /** Whether functions that may change something besides the tables are refused. */
  hasPlainFunctions: boolean;
  signal: AbortSignal;
}

export interface Change {
  /** Rows that were written; undefined where the database does not say, or nothing was tried. */
  affected: number | undefined;
  /** What the statement gives itself: `RETURNING`. */
  returned: Rows;
  /** Tables and others that come, go or change: "drops table shop.orders (about 12 rows)". */
  objects: string[];
  /** Why it was not tried out, where it was not. */
  untried?: string;
}

/** The most rows that are shown of what a change gives. */
export const RETURNED_ROWS = 20;

export interface Connection {
  dialect: Dialect;
  /** As errors call it: `PostgreSQL at db:5432/shop`; nothing of it is secret. */
  label: string;
  /**
   * One statement, in a transaction that the server itself keeps from writing, and that is always undone.
   *
   * @throws KmError SVC_002 to SVC_008
   */
  read(request: ReadRequest): Promise<Rows>;
  /**
   * A statement of km's own.
   *
   * @throws KmError as `read`
   */
  ask(statement: Statement, signal: AbortSignal): Promise<Cell[][]>;
  /** @throws KmError as `read` */
  change(request: ChangeRequest): Promise<Change>;
  /** Closes what has not been used for a while by itself; this closes all. */
  close(): Promise<void>;
}

export interface ConnectionLimits {
  /** Of one statement. */
  timeoutMs: number;
  /** For locks that others hold. */
  lockMs: number;
  /** Connections at a time, for reading and for writing each. */
  pool: number;
  idleSeconds: number;
  /** Functions that may be called besides those that are known to do no harm. */
  functions: readonly string[];
}

/** @throws KmError SVC_001 where there is none of that name */
export function connectionOf(backend: DatabaseBackend, name: string | undefined): Connection {
  return chosen(backend.connections, name);
}

/** Of what a driver throws. @param offset of the statement in what the server was sent, in characters */
/** @param said what the caller has written, where it is a statement of theirs */
export type ErrorReader = (error: unknown, signal: AbortSignal, said?: Statement & { offset?: number }) => KmError;

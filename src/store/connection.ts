/** `Connection`: what runs statements, the same for SQLite and PostgreSQL. */
import type { Statement, Value } from "./statement.ts";

export type Row = Record<string, string | number | boolean | Date | null>;

export interface Connection {
  /** Runs one statement and gives its rows. */
  rows(statement: Statement): Promise<Row[]>;
  /** Runs one statement and gives the number of rows that it wrote. */
  run(statement: Statement): Promise<number>;
  /** Runs a text of several statements, without values: a migration or a partition. */
  script(text: string): Promise<void>;
  /**
   * Adds many rows in the quickest way that the database has.
   *
   * @throws where a row is there already (see `isDuplicate`); a transaction cannot go on then
   */
  insert(table: Table, rows: readonly (readonly Value[])[]): Promise<void>;
}

/** Its names become a part of the statement: they are of the source code, never of a caller. */
export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** What each of the two does in its own way. */
export interface Client extends Connection {
  transaction<T>(action: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `NamedRelation`: a table or view that a statement names, as far as it matters for what is secret. */
export interface NamedRelation {
  name: string;
  columns: string[];
  /** Of columns that are rows themselves, the fields of these. */
  within?: (string[] | undefined)[];
  /** Of a view, where it may be read: the query that it stands for. */
  definition?: string | undefined;
}

/** The kind of secret that a name stands for, as a mask has it. */
export type SecretName = (name: string) => string | undefined;

/** How MCP servers stand in a client's configuration file: the differences between clients that reading and editing need. */

export interface Shape {
  /** `json` also takes comments and trailing commas. */
  format: "json" | "yaml" | "toml";
  /**
   * Where the servers stand, as paths from the root to the mapping of names to servers (or, with `list`, to the array of
   * them); `*` stands for every member. A dot in a name is part of it: Amp's flat key is `["amp.mcpServers"]`.
   */
  servers: string[][];
  /** The servers are an array of objects with a member `name` (Continue). */
  list?: true;
  /** What the program's member is called, and that of its arguments; with no `args` the program's is an array of both (opencode). */
  command: string;
  args?: string;
}

/** One server as it stands in a file. */
export interface ServerEntry {
  name: string;
  /** From the root; a number is an index. Tells servers of the same name apart. */
  path: (string | number)[];
  /** Programs on stdio can be wrapped; `remote` ones have an address; `incomplete` ones have neither. */
  kind: "stdio" | "remote" | "incomplete";
  /** What the client starts: program and arguments, as they stand in the file. Empty unless `kind` is `stdio`. */
  command: string[];
  /** The client does not start it. */
  disabled: boolean;
  /** What km was put in front of; undefined where it was not. */
  wrapped: { km: string; original: string[] } | undefined;
}

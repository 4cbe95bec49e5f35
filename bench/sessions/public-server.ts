/** `PublicServer`: an MCP server that anybody can install, and what a client does with it that has nothing bad in mind. */
import type { Visit } from "./visit.ts";
import type { Workplace } from "./workplace.ts";

export interface PublicServer {
  /** In the journal. */
  name: string;
  package: string;
  /** Exact. */
  version: string;
  /** Of the package's executables, the one that is the server. */
  bin: string;
  args?: (place: Workplace) => string[];
  env?: (place: Workplace) => Record<string, string>;
  /** Folders that the client has open beside the project. */
  roots?: (place: Workplace) => string[];
  /** Calls of its tools; without them it is only asked for what it offers. */
  calls?: (visit: Visit, place: Workplace) => Promise<void>;
}

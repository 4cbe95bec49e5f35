/** `TraceReader`: what the tools ask of Jaeger, whichever of its APIs answers. */
import type { Trace } from "./trace.ts";

export interface TraceSearch {
  service: string;
  operation?: string | undefined;
  tags: Record<string, string>;
  startMs: number;
  endMs: number;
  minUs?: number | undefined;
  maxUs?: number | undefined;
  limit: number;
}

export interface Operation {
  name: string;
  kind: string;
}

export interface Dependency {
  parent: string;
  child: string;
  calls: number;
}

/** @throws KmError SVC_003 to SVC_008, each of them */
export interface TraceReader {
  services(signal: AbortSignal): Promise<string[]>;
  operations(service: string, kind: string | undefined, signal: AbortSignal): Promise<Operation[]>;
  search(search: TraceSearch, signal: AbortSignal): Promise<Trace[]>;
  trace(id: string, signal: AbortSignal): Promise<Trace | undefined>;
  dependencies(startMs: number, endMs: number, signal: AbortSignal): Promise<Dependency[]>;
}

/** Of traces that Jaeger reads for one search. */
export const MOST_FOUND = 500;
/** Of an answer with traces. */
export const MOST_BYTES = 64 << 20;

/** `openedService`: a service's tools within this process, against a backend of the test's own. */
import { KmError } from "../../src/errors.ts";
import { createRedactor } from "../../src/guard/redaction/redact.ts";
import { BackendCache } from "../../src/services/backend/cache.ts";
import { UNABLE } from "../../src/services/question.ts";
import type { Probe } from "../../src/services/service.ts";
import type { AnyService } from "../../src/services/services.ts";
import type { Answer, ServiceTool } from "../../src/services/tool.ts";
import * as v from "valibot";

export interface OpenedService extends AsyncDisposable {
  /** @param name of a tool, without the service's */
  run(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<Answer<unknown>>;
  /** Whether its backends can be used. */
  probe(): Promise<Probe[]>;
  /** What it throws; an error of the test where it throws nothing. */
  errorOf(name: string, args: Record<string, unknown>, signal?: AbortSignal): Promise<KmError>;
}

export async function openedService(
  service: AnyService,
  written: Record<string, unknown>,
  { env = {} }: { env?: Record<string, string | undefined> } = {},
): Promise<OpenedService> {
  const backend: unknown = await service.open(v.parse(service.config, written), {
    env,
    home: undefined,
    references: { env: {}, readSecret: async () => await Promise.resolve(undefined) },
    cache: new BackendCache(1 << 20),
    redactor: createRedactor(),
    say: () => undefined,
  });
  const tools: readonly ServiceTool<unknown>[] = service.tools;
  const run = async (name: string, args: Record<string, unknown>, signal = AbortSignal.timeout(60_000)) => {
    const prepared = tools.find((tool) => tool.name === name)?.prepare(args);
    if (prepared === undefined || prepared.issues !== undefined)
      throw new Error(`${name} does not take these arguments`);
    return await prepared.run({ backend, signal, mostBytes: 64 << 10, ask: UNABLE, progress: () => undefined });
  };
  return {
    run,
    async errorOf(name, args, signal) {
      const error = await run(name, args, signal).then(
        () => new Error("it was answered"),
        (thrown: unknown) => thrown,
      );
      if (error instanceof KmError) return error;
      throw error;
    },
    probe: async () => (await service.probe?.(backend, AbortSignal.timeout(60_000))) ?? [],
    [Symbol.asyncDispose]: async () => await service.close?.(backend),
  };
}

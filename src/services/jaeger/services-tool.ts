/** The tool `jaeger_services`: services, or the operations of one. */
import * as v from "valibot";
import { described, text } from "../../guard/policy/schema-parts.ts";
import { hasWords, listArguments, searchArgument } from "../list-arguments.ts";
import { listed } from "../listed.ts";
import { type Answer, tool, type ToolCall } from "../tool.ts";
import { type JaegerBackend, readerOf } from "./backend.ts";
import { counted } from "../../counted.ts";

const KINDS = "server, client, producer, consumer, internal";
/** Each is one request. */
const MOST_COUNTED = 100;

export const services = tool({
  name: "services",
  title: "Traced services",
  description: "Services, or the operations (span names) of one.",
  access: "read",
  toolset: "core",
  input: v.strictObject({
    service: described("Its operations", text("the name of a service")),
    kind: v.optional(v.pipe(v.string(KINDS), v.regex(/^(?:server|client|producer|consumer|internal)$/, KINDS))),
    count_operations: v.optional(v.boolean("true or false"), false),
    search: searchArgument,
    ...listArguments(100),
  }),
  output: v.object({}),
  async run(
    { service, kind, count_operations: counts, search, limit, ...input },
    { backend, signal, mostBytes }: ToolCall<JaegerBackend>,
  ): Promise<Answer<Names>> {
    const reader = await readerOf(backend, input.connection, signal);
    const common = {
      limit,
      token: input.continue,
      question: [service, kind, counts, search, input.connection],
      mostBytes,
    };
    if (service !== undefined) {
      const operations = (await reader.operations(service, kind, signal))
        .filter(({ name }) => hasWords(name, search))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const line = ({ name, kind: of }: { name: string; kind: string }): string =>
        of === "" ? name : `${name}  (${of})`;
      return listed(
        { ...common, all: operations, what: `operations of ${service}`, one: `operation of ${service}`, line },
        (items, total) => ({
          total,
          operations: items,
        }),
      );
    }
    const names = (await reader.services(signal)).filter((name) => hasWords(name, search)).toSorted();
    if (!counts)
      return listed({ ...common, all: names, what: "services", line: (name) => name }, (items, total) => ({
        total,
        services: items,
      }));
    const found = await Promise.all(
      names
        .slice(0, MOST_COUNTED)
        .map(async (name) => ({ name, operations: (await reader.operations(name, kind, signal)).length })),
    );
    return listed(
      {
        ...common,
        all: found,
        what: "services",
        note:
          names.length > MOST_COUNTED
            ? `Only ${MOST_COUNTED} of ${names.length} are counted: narrow it by search.`
            : undefined,
        line: ({ name, operations }) => `${name}  ${counted(operations, "operation")}`,
      },
      (items, total) => ({ total, services: items }),
    );
  },
});

interface Names {
  total: number;
  services?: (string | object)[];
  operations?: object[];
}

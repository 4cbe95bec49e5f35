/** What somebody knows of the service who has only its OpenAPI document: its operations, and examples of what they take. */
import { Validator } from "@cfworker/json-schema";

export interface Schema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: Schema;
  minimum?: number;
}

export interface Operation {
  name: string;
  method: string;
  path: string;
  security: "none" | "token" | "apiKey";
  parameters: { name: string; in: "path" | "query" | "header"; required: boolean; schema: Schema }[];
  body: { mediaType: string; schema: Schema } | undefined;
  /** By status. */
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
}

/** As JSON, of which a part is looked at. */
interface Document {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

interface Described extends Pick<Operation, "parameters" | "responses"> {
  operationId: string;
  security: Record<string, unknown>[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Texts that a schema may want, by the names of members and parameters; for others, any that fits is taken. */
export type Known = Record<string, string>;

const DOCUMENTED = /^(?:200|201|204)$/;

export class Description {
  readonly operations: readonly Operation[];
  readonly #components: Document["components"];

  constructor(json: unknown) {
    const document = json as Document;
    this.#components = document.components;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => operationOf(method.toUpperCase(), path, described)),
    );
  }

  /** What is wrong with a value; nothing where it fits. */
  faults(schema: Schema, value: unknown): string[] {
    const whole: object = { ...schema, components: this.#components };
    const { errors } = new Validator(whole, "2020-12", false).validate(value);
    return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
  }

  /** A value that fits; with every member, or with those alone that are required. */
  example(schema: Schema, known: Known, name = "", every = true): unknown {
    if (schema.$ref !== undefined) return this.example(this.resolve(schema), known, name, every);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return schema.enum.includes(known[name]) ? known[name] : schema.enum[0];
    const [first] = schema.anyOf ?? [];
    if (first !== undefined) return this.example(first, known, name, every);
    switch (schema.type) {
      case "object": {
        const wanted = Object.entries(schema.properties ?? {}).filter(
          ([key]) => every || schema.required?.includes(key),
        );
        return Object.fromEntries(wanted.map(([key, member]) => [key, this.example(member, known, key, every)]));
      }
      case "array":
        return [this.example(schema.items ?? {}, known, name, every)];
      case "boolean":
        return false;
      case "integer":
      case "number":
        return schema.minimum ?? 1;
      case "string":
        return this.#text(schema, known, name);
      default:
        throw new Error(`No example for ${name}: ${JSON.stringify(schema)}`);
    }
  }

  resolve(schema: Schema): Schema {
    const name = schema.$ref?.split("/").at(-1);
    if (name === undefined) return schema;
    const found = this.#components.schemas[name];
    if (found === undefined) throw new Error(`Nothing is there: ${schema.$ref}`);
    return found;
  }

  #text(schema: Schema, known: Known, name: string): string {
    const candidates = [known[name], ...Object.values(known)].filter((one) => one !== undefined);
    const found = candidates.find((candidate) => this.faults(schema, candidate).length === 0);
    if (found === undefined) throw new Error(`No example for ${name}: ${JSON.stringify(schema)}`);
    return found;
  }
}

export function successOf({ responses }: Operation): number {
  return Number(Object.keys(responses).find((status) => DOCUMENTED.test(status)));
}

function operationOf(method: string, path: string, described: Described): Operation {
  const { operationId: name, parameters, responses, security, requestBody } = described;
  const [scheme = "none"] = security.flatMap((one) => Object.keys(one));
  const [body] = Object.entries(requestBody?.content ?? {}).map(([mediaType, { schema }]) => ({ mediaType, schema }));
  return { name, method, path, security: scheme as Operation["security"], parameters, body, responses };
}

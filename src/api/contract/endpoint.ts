/** `defineEndpoint`: what one endpoint of kilometers-api takes and gives, for the service, its client and its OpenAPI document. */
import type * as v from "valibot";
import type { ProblemCode } from "./problem.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * Who may call: `token` has an access token, `apiKey` an API key, `admin` an access token of somebody who administers
 * customers, and `none` is for everybody.
 */
export type Authentication = "none" | "token" | "apiKey" | "admin";

/**
 * Which budget of requests a call is charged to. `login` is small because passwords and codes are guessed there, `analysis`
 * because a request may take the service a third of a second.
 */
export type Budget = "none" | "login" | "general" | "ingest" | "analysis";

type Schema = v.GenericSchema<unknown, unknown>;
type MembersSchema = v.GenericSchema<unknown, Record<string, unknown>>;

/** A body that is checked by its schema before the handler sees it. */
export interface CheckedBody {
  mediaType: "application/json" | "application/x-www-form-urlencoded";
  schema: Schema;
  /** Of the body once it is decompressed. */
  maxBytes: number;
}

/** A body that the handler reads piece by piece. */
export interface StreamedBody {
  mediaType: "application/octet-stream";
  maxBytes: number;
}

/** An answer that is JSON. Only the members of its schema are sent. */
export interface JsonAnswer {
  schema: Schema;
  /** 200 unless given. */
  status?: number;
  mediaType?: "application/json" | "application/jwk-set+json";
}

/** An answer without a schema: text, a page, a file; or none at all, with status 204. */
export interface OtherAnswer {
  mediaType:
    | "text/plain"
    | "text/html"
    | "text/css"
    | "text/javascript"
    | "text/event-stream"
    | "image/svg+xml"
    | "application/octet-stream"
    | "application/openapi+json"
    | "none";
}

export interface Endpoint {
  /** Unique; the operationId of the OpenAPI document. */
  name: string;
  method: Method;
  /** With parameters in braces: `/api/admin/keys/{id}`. */
  path: `/${string}`;
  /** One sentence without its full stop. */
  summary: string;
  authentication: Authentication;
  budget: Budget;
  /** Plugins whose own tokens, of the audience `km-plugin:<name>`, are taken here too, where an access token is. */
  plugins?: readonly string[];
  /** Has a member for each parameter of the path. */
  params?: MembersSchema;
  query?: MembersSchema;
  body?: CheckedBody | StreamedBody;
  answer: JsonAnswer | OtherAnswer;
  /** Those that the handler itself may answer with; what the service answers anywhere is not repeated. */
  problems?: readonly ProblemCode[];
  /** Errors are `{error, error_description}` as OAuth wants them, not problem details. */
  oauthErrors?: true;
  /** A repetition with the same Idempotency-Key gets the first answer. */
  idempotencyKey?: true;
}

export function defineEndpoint<const E extends Endpoint>(endpoint: E): E {
  return endpoint;
}

/** Whether the cookie of a login to the dashboard does as well as an access token: only for what changes nothing. */
export function takesSession({ method, authentication }: Pick<Endpoint, "method" | "authentication">): boolean {
  return method === "GET" && authentication === "token";
}

export type ParamsOf<E extends Endpoint> = E extends { params: infer S extends MembersSchema }
  ? v.InferOutput<S>
  : Record<string, unknown>;

export type QueryOf<E extends Endpoint> = E extends { query: infer S extends MembersSchema }
  ? v.InferOutput<S>
  : Record<string, unknown>;

/** What a handler finds in `body`. */
export type BodyOf<E extends Endpoint> = E extends { body: { schema: infer S extends Schema } }
  ? v.InferOutput<S>
  : E extends { body: StreamedBody }
    ? AsyncIterable<Uint8Array>
    : unknown;

/** What the service answers with, before it is encoded. */
export type AnswerOf<E extends Endpoint> = E["answer"] extends { schema: infer S extends Schema }
  ? v.InferInput<S>
  : string | Uint8Array | ReadableStream<Uint8Array> | Blob | null;

/** The names in braces, in their order. */
export function parametersOf(path: string): string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
}

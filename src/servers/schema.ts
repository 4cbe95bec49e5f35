/** What may stand in `servers.yaml`, as it is written. Imports valibot: load this file only when there is one to check. */
import * as v from "valibot";
import { choice, described, list, mapping, record, text, word } from "../guard/policy/schema-parts.ts";
import { SERVER_NAME } from "./server-name.ts";

const LONGEST = 16_384;
const COMMAND = "a program, or a list of a program and its arguments such as [npx, -y, some-server]";
const ARGUMENTS = "a list of texts, in quotes where YAML would read a number, such as [-y, some-server]";
const FOLDER = "a folder: absolute, or beginning with ~/";
const FILE = "a file: absolute, or beginning with ~/";
const ENVIRONMENT = "a mapping of names to texts, such as { LEVEL: debug, PORT: '8080' }";
const HEADERS = "a mapping of names to texts, such as { X-Team: core }";
const TEXT = "a text, in quotes where YAML would read a number";
const PINS = "a list of sha256/ with the base64 of a public key's hash";
const TAG = "a word of 1 to 64 letters, digits, dots, dashes or underscores";
const SPAN = "a duration of 100ms to 1h with its unit, such as 10s";

const anyText = v.pipe(v.string(TEXT), v.maxLength(LONGEST, `${TEXT}, of at most ${LONGEST} characters`));
const someText = text(TEXT, LONGEST);
const texts = (words: string) => v.pipe(v.array(anyText, words), v.maxLength(1000, words));
const count = (least: number, most: number) => {
  const words = `a whole number from ${least} to ${most}`;
  return v.pipe(v.number(words), v.safeInteger(words), v.minValue(least, words), v.maxValue(most, words));
};

const TOKEN = "a mapping with file, env or command";
const source = mapping(
  {
    file: described("A file that it is in", text(FILE)),
    env: described("A variable that it is in", text("the name of a variable", 1000)),
    command: described("What prints it: a list of a program and its arguments", list(someText, COMMAND)),
  },
  TOKEN,
);

const idp = mapping(
  {
    issuer: v.pipe(text("an address that begins with https://", 2048), v.description("The identity provider")),
    client_id: v.pipe(someText, v.description("Of km there")),
    client_secret: described("Its secret", someText),
    client_key: described("A file with its private key in PEM, in place of a secret", text(FILE)),
    id_token: described("Where an ID token for that client is; default: the user signs on in a browser", source),
    redirect_port: described("Where the identity provider wants to know it beforehand", count(1, 65_535)),
    scopes: described("Beyond openid", list(someText, "a list such as [email, groups]")),
  },
  "a mapping with issuer and client_id",
);

const SWITCH = "true, false or auto";
const TYPES = ["none", "bearer", "basic", "api-key", "oauth", "workload", "enterprise"] as const;

const auth = mapping(
  {
    type: v.pipe(word(...TYPES), v.description("How km proves who it is")),
    token: described("Of bearer", someText),
    username: described("Of basic", someText),
    password: described("Of basic", someText),
    header: described("Of api-key: the header that carries it; default: X-API-Key", someText),
    value: described("Of api-key", someText),
    client_id: described("Of logins: a client that was registered by hand", someText),
    client_secret: described("Of logins: its secret", someText),
    client_metadata_url: described("Of logins: the address of a client's metadata document", someText),
    client_key: described("Of logins: a file with the client's private key in PEM, in place of a secret", text(FILE)),
    issuer: described("Of logins: the authorization server that the client was registered with", someText),
    dpop: described(
      "Of logins: whether tokens are bound to a key of the login (RFC 9449); default: auto, where the server asks for it",
      v.union([v.boolean(), v.literal("auto")], SWITCH),
    ),
    grant: described(
      "Of oauth: client_credentials for a client that acts for itself; default: authorization_code",
      word("authorization_code", "client_credentials"),
    ),
    redirect_port: described("Of oauth: where an authorization server wants to know it beforehand", count(1, 65_535)),
    scopes: described("Of logins: beyond what the server asks for", list(someText, "a list such as [read, write]")),
    assertion: described("Of workload: where the token is with which the platform says what this program is", source),
    audience: described(
      "Of workload: what that token is for, where the authorization server goes by another name",
      someText,
    ),
    idp: described("Of enterprise: the identity provider that says who may use the server", idp),
  },
  "a mapping with type: none, bearer, basic, api-key, oauth, workload or enterprise",
);

const tls = mapping(
  {
    ca: described("Authorities that are trusted besides the system's, in PEM", text(FILE)),
    cert: described("Certificate of km for this server, in PEM", text(FILE)),
    key: described("Its key, in PEM", text(FILE)),
    passphrase: described("Of the key", someText),
    server_name: described(
      "The name that the certificate must be for, where it is not the host's",
      text("a host", 253),
    ),
    pins: described("Public keys of which one must be in the server's chain", list(text(PINS, 64), PINS)),
  },
  "a mapping of ca, cert, key, passphrase, server_name and pins",
);

const limits = mapping(
  {
    connect_timeout: described("Until a connection must stand; default: 10s", text(SPAN, 20)),
    timeout: described("Until an answer must have begun; default: 10m", text(SPAN, 20)),
    retries: described("How often what is safe to repeat is tried again; default: 3", count(0, 20)),
    calls: described("Calls in a span of time", text("a number and a duration such as 100/1m", 40)),
    concurrent: described("Calls at the same time", count(1, 10_000)),
    restarts: described("How often a program that crashed is started again", count(0, 1000)),
  },
  "a mapping of connect_timeout, timeout, retries, calls, concurrent and restarts",
);

/** How any server is reached by HTTP: MCP's, and the backends of km's own services. */
export const REACHED_BY_HTTP = {
  url: described("Where it is reached by HTTP", text("an address that begins with https:// or http://", 4096)),
  headers: described("Sent with each request", record(anyText, HEADERS)),
  auth: described("How km proves who it is", auth),
  tls: described("Certificates", tls),
  limits: described("Times and numbers", limits),
};

const server = mapping(
  {
    command: described(
      "What is started: a program, or a list of it and its arguments",
      choice([text(COMMAND, LONGEST), list(someText, COMMAND)], COMMAND, (value) => Number(Array.isArray(value))),
    ),
    args: described("Its arguments", texts(ARGUMENTS)),
    cwd: described("The folder that it is started in", text(FOLDER, 4096)),
    env: described("Variables that it gets besides km's own", record(anyText, ENVIRONMENT)),
    url: described(
      "Where a server is that is reached by HTTP",
      text("an address that begins with https:// or http://", 4096),
    ),
    transport: described("How it is spoken to; default: auto", word("auto", "streamable-http", "sse")),
    headers: described("Sent with each request", record(anyText, HEADERS)),
    auth: described("How km proves who it is; default: as the server asks for", auth),
    tls: described("Certificates", tls),
    limits: described("Times and numbers", limits),
    fallback: described(
      "Servers that take its place while it cannot be reached",
      list(text("the name of a server", 64), "a list of names of servers"),
    ),
    tags: described(
      "Words by which servers are chosen",
      list(v.pipe(v.string(TAG), v.regex(/^[\w.-]{1,64}$/, TAG)), "a list of words"),
    ),
  },
  "a mapping with command or url",
);

export type WrittenServer = v.InferOutput<typeof server>;

/** One server. The problems of one are none of the others'. */
export const SERVER = server;

const VERSION = "1";
const NAMES = "a mapping of names to servers";

/** The whole file, as editors are told. */
export const SERVERS = mapping(
  {
    version: v.pipe(v.literal(1, VERSION), v.description("Of this form")),
    servers: v.nullish(
      v.pipe(
        v.record(v.pipe(v.string(NAMES), v.regex(SERVER_NAME, NAMES)), server, NAMES),
        v.description("Each by its name"),
      ),
    ),
  },
  "a mapping with version and servers",
);

/** What stands around the servers: they themselves are checked one by one. */
export const ENVELOPE = mapping(
  {
    version: v.literal(1, VERSION),
    servers: v.nullish(record(v.unknown(), NAMES)),
  },
  "a mapping with version and servers",
);

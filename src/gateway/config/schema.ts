/** What may stand in a file for `km proxy --access`, as it is written. Imports valibot: load this file only when there is one to check. */
import * as v from "valibot";
import {
  described,
  list,
  mapping,
  perTime,
  record,
  size,
  text,
  textOrList,
  wholeNumber,
  word,
} from "../../guard/policy/schema-parts.ts";

const NAMES = "a name with * and ?, or a list of such names; ! stands in front of what is left out";
const ROLES = "a list of names of roles";
const NAME = "a name of 1 to 100 letters, digits, dots, dashes, underscores or @";
const PATH = "a file: absolute, beginning with ~/, or from the folder of this file";
const ENTRIES = "a list of at most 10000 entries";

/** None of them works with a secret that both sides have: a public key can then not be passed off as one. */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

/** The first is meant where none is named. */
const FORWARDING_HEADERS = ["x-forwarded-for", "forwarded"] as const;

const name = v.pipe(v.string(NAME), v.regex(/^[\w.@-]{1,100}$/, NAME));
const roles = described("What they may do", v.pipe(v.array(name, ROLES), v.maxLength(100, ROLES)));
const path = text(PATH);

function entries<const T extends v.GenericSchema>(item: T) {
  return v.pipe(v.array(item, ENTRIES), v.maxLength(10_000, ENTRIES));
}

const key = mapping(
  {
    name: v.pipe(name, v.description("Unique; records show it")),
    sha256: v.pipe(
      v.string("64 hexadecimal digits"),
      v.regex(/^[\da-f]{64}$/, "64 hexadecimal digits, as km access key prints them"),
      v.description("Hash of the key"),
    ),
    roles,
    expires: described("Until when it is good: 2027-01-31", text("a day such as 2027-01-31", 40)),
  },
  "a mapping of name, sha256 and roles",
);

const user = mapping(
  {
    name: v.pipe(name, v.description("Unique; records show it")),
    password: v.pipe(text("a hash that begins with $argon2 or $2"), v.description("Hash of the password")),
    roles,
  },
  "a mapping of name, password and roles",
);

const introspection = mapping(
  {
    url: v.pipe(text("an https URL"), v.description("Where the issuer is asked about a token (RFC 7662)")),
    client_id: v.pipe(text("a text", 200), v.description("Who km is there")),
    client_secret: v.pipe(
      text("a reference: ${env:NAME} or ${keychain:name}"),
      v.description("Its secret, as a reference: ${env:NAME} or ${keychain:name}"),
    ),
  },
  "a mapping of url, client_id and client_secret",
);

const tokens = mapping(
  {
    issuer: v.pipe(text("the URL that the tokens have as iss"), v.description("Whose tokens")),
    audience: described("Of the tokens; default: auth.resource", textOrList("a text or a list of texts")),
    jwks: described("Where the issuer's keys are", text("an https URL")),
    key: described("File with the issuer's public key, PEM or JWK", path),
    introspection: described(
      "The issuer itself says what a token is worth: for tokens that nobody else can read",
      introspection,
    ),
    algorithms: described("By which they may be signed", list(word(...ALGORITHMS), ALGORITHMS.join(", "))),
    scopes: described("That a token must have", list(text("a scope", 200), "a list of scopes")),
    roles,
    roles_claim: described("The claim that names more roles: roles, realm_access.roles", text("a name with dots", 200)),
    roles_of: described(
      "Which roles the values of the claim stand for, where they are called otherwise",
      record(v.pipe(v.array(name, ROLES), v.maxLength(100, ROLES)), "a mapping of values to lists of roles"),
    ),
  },
  "a mapping of issuer, audience, and one of jwks, key and introspection",
);

const certificate = mapping(
  {
    subject: v.pipe(
      textOrList("a subject such as CN=build, with * and ?, or a list"),
      v.description("Of the certificate"),
    ),
    roles,
  },
  "a mapping of subject and roles",
);

const role = mapping(
  {
    servers: described("Names of servers, as km sessions shows them; default: any", textOrList(NAMES)),
    tools: described("Tools that may be called", textOrList(NAMES)),
    resources: described("URIs of resources that may be read", textOrList(NAMES)),
    prompts: described("Prompts that may be asked for", textOrList(NAMES)),
    methods: described("Other methods that may be used", textOrList(NAMES)),
  },
  "a mapping of servers, tools, resources, prompts and methods",
);

const file = (what: string) =>
  mapping(
    {
      file: v.pipe(path, v.description(what)),
      max_size: described("From which size on it is put aside", size("a size of at least 1kb, such as 10mb")),
      keep: described("How many are kept besides it", wholeNumber("a whole number, at least 1")),
    },
    "a mapping of file, max_size and keep",
  );

export const PROXY_CONFIG = mapping(
  {
    version: v.pipe(v.literal(1, "1"), v.description("The version of this format")),
    tls: described(
      "The listener speaks TLS",
      mapping(
        {
          cert: v.pipe(path, v.description("Certificate with what it was signed by, PEM")),
          key: v.pipe(path, v.description("Its key, PEM")),
          client_ca: described("Who signs the certificates of clients, PEM", path),
          clients: described("Whether each client must have a certificate", word("required", "asked")),
        },
        "a mapping of cert, key, client_ca and clients",
      ),
    ),
    auth: described(
      "Who may come",
      mapping(
        {
          resource: described("The address that clients know: https://mcp.example.com/mcp", text("a URL")),
          keys: described("API keys", entries(key)),
          users: described("Names with passwords", entries(user)),
          tokens: described("Issuers of JSON Web Tokens", entries(tokens)),
          certificates: described("Subjects of the clients' certificates; default: all", entries(certificate)),
        },
        "a mapping of resource, keys, users, tokens and certificates",
      ),
    ),
    roles: described("Who has none of them may nothing", record(role, "a mapping of names to roles")),
    limits: described(
      "For each principal",
      mapping(
        {
          requests: described("So many HTTP requests in a time", perTime("a number in a time, such as 600/1m")),
          bytes: described("So many bytes of their bodies in a time", perTime("a size in a time, such as 100mb/1h")),
          concurrent: described("So many requests at a time", wholeNumber("a whole number, at least 1")),
          sessions: described("So many sessions at a time", wholeNumber("a whole number, at least 1")),
          logins: described("Failed logins of an address in a time", perTime("a number in a time, such as 20/1m")),
        },
        "a mapping of requests, bytes, concurrent, sessions and logins",
      ),
    ),
    trusted_proxies: described(
      "What stands in front of km, and is believed when it says who is behind it",
      mapping(
        {
          addresses: v.pipe(
            list(text("an address or a network such as 10.0.0.0/8", 60), "a list of addresses and networks"),
            v.description("Theirs: 10.0.0.7, 10.0.0.0/8, fd00::/8"),
          ),
          header: described("In which header they say so", word(...FORWARDING_HEADERS)),
        },
        "a mapping of addresses and header",
      ),
    ),
    audit: described(
      "What was done by whom",
      mapping(
        {
          ...file("Where it is written").entries,
          required: described("Nothing passes that cannot be written down", v.boolean("true, false")),
        },
        "a mapping of file, max_size, keep and required",
      ),
    ),
    log: described(
      "What km says itself",
      mapping(
        {
          file: described("Where it is written; default: stderr", path),
          max_size: described("From which size on it is put aside", size("a size of at least 1kb, such as 10mb")),
          keep: described("How many are kept besides it", wholeNumber("a whole number, at least 1")),
          format: described("How it is written", word("text", "json")),
          level: described("From which level on", word("error", "warn", "info", "debug")),
        },
        "a mapping of file, max_size, keep, format and level",
      ),
    ),
    metrics: described("Where Prometheus finds what is counted", text("an address such as 127.0.0.1:9465")),
  },
  "a mapping that begins with version: 1",
);

export type WrittenProxy = v.InferOutput<typeof PROXY_CONFIG>;
export type WrittenRole = v.InferOutput<typeof role>;

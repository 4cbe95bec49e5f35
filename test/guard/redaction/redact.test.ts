import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { KmError } from "../../../src/errors.ts";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";

const redactor = createRedactor();

/** What a redactor makes of a text; also holds it to its promises for every text of these tests. */
function redact(text: string, using = redactor): string {
  const result = using.redact(text);
  expect(result.count > 0).toBe(result.text !== text);
  if (result.count > 0) expect(using.suspects(Buffer.from(text))).toBe(true);
  expect(using.redact(result.text)).toEqual({ text: result.text, count: 0 });
  return result.text;
}

/** Random-looking characters, put together here so that no scanner takes this file for a leak. */
function random(length: number, alphabet = "a1B2c3D4e5F6g7H8"): string {
  return alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length);
}

const hex = (length: number) => random(length, "0a1b2c3d4e5f6789");
const jwt = `${["ey", "JhbGciOiJIUzI1NiJ9"].join("")}.${["ey", "JzdWIiOiIxMjM0NTY3ODkwIn0"].join("")}.${random(43)}`;
const pem = (end: boolean, lineEnd = "\n") =>
  [
    "-----BEGIN RSA PRIVATE" + " KEY-----",
    random(64),
    random(64),
    "Qk9=",
    end ? "-----END RSA PRIVATE" + " KEY-----" : "",
  ].join(lineEnd);

/** Each secret by its kind; the second is what is masked where that is not all of it. */
const credentials: [kind: string, text: string, secret?: string][] = [
  ["private-key", pem(true)],
  ["private-key", pem(true, "\\n")],
  ["age-secret-key", `AGE-SECRET${"-KEY-1"}${random(58, "QPZRY9X8GF2TVDW0")}`],
  ["jwt", jwt],
  ["jwt", [jwt.split(".")[0], "", random(16), random(60), random(22)].join(".")],
  ["password", `postgres://app:${random(9)}@db.internal:5432/app`, random(9)],
  ["password", `smtp://joe@example.com:${random(9)}@smtp.internal`, random(9)],
  ["password", `redis://:p@ss-${random(9)}@cache`, `p@ss-${random(9)}`],
  ["token", `https://${random(40)}@git.example.com/x.git`, random(40)],
  ["password", "curl -sS https://x.example.com -u joe:hunter2", "hunter2"],
  ["password", "curl --user 'joe:hunter2' https://x.example.com", "hunter2"],
  ["password", "mysql -h db -u root -phunter2 shop", "hunter2"],
  ["password", "mysqldump -p'hunter2' shop", "hunter2"],
  ["password", "sshpass -p hunter2 ssh joe@host", "hunter2"],
  ["password", "machine api.example.com login joe password hunter2", "hunter2"],
  ["password", "machine api.example.com\n  login joe\n  password hunter2", "hunter2"],
  ["bearer", `Bearer ${random(24)}`, random(24)],
  ["bearer", `authorization: bearer ${random(24)}`, random(24)],
  ["basic", `Basic ${btoa("joe:hunter2")}`, btoa("joe:hunter2")],
  ...["live", "test", "admin"].map((kind): [string, string] => ["km-api-key", `km_${kind}_${random(38)}`]),
  ["km-refresh-token", `km${"r_"}${random(43)}`],
  ["aws-access-key", `${"AK"}IA${random(16, "ABCD2345")}`],
  ["aws-access-key", `${"AS"}IA${random(16, "ABCD2345")}`],
  ...["p", "o", "u", "s", "r"].map((letter): [string, string] => ["github-token", `gh${letter}_${random(36)}`]),
  ["github-token", `github${"_pat_"}${random(22)}_${random(59)}`],
  ...["pat", "dt", "rt", "ptt", "cbt", "ft"].map((sort): [string, string] => [
    "gitlab-token",
    `gl${sort}-${random(20)}`,
  ]),
  ["gitlab-token", `gl${"pat-"}${random(27)}.01.${random(9)}`],
  ["slack-token", `xo${"xd-"}${random(30)}%2B${random(20)}`],
  ["slack-token", `xo${"xb-"}123456789012-${random(24)}`],
  ["slack-token", `xa${"pp-"}1-A0123-${random(24)}`],
  ["slack-webhook", `https://hooks.slack${".com"}/services/T0123/B0123/${random(24)}`, `T0123/B0123/${random(24)}`],
  ["discord-webhook", `https://discord${".com"}/api/webhooks/123456789/${random(68)}`, random(68)],
  ["stripe-key", `sk${"_live_"}${random(24)}`],
  ["stripe-key", `rk${"_test_"}${random(24)}`],
  ["anthropic-key", `sk${"-ant-"}api03-${random(93)}`],
  ["openai-key", `sk${"-proj-"}${random(48)}`],
  ["openai-key", `sk${"-"}${random(48)}`],
  ["google-api-key", `AI${"za"}${random(35)}`],
  ["google-token", `ya${"29."}${random(40)}`],
  ["google-client-secret", `GOC${"SPX-"}${random(28)}`],
  ["npm-token", `np${"m_"}${random(36)}`],
  ["pypi-token", `py${"pi-AgE"}${random(80)}`],
  ["huggingface-token", `h${"f_"}${random(34)}`],
  ["digitalocean-token", `dop${"_v1_"}${hex(64)}`],
  ["sendgrid-key", `S${"G."}${random(22)}.${random(43)}`],
  ["twilio-key", `TWILIO sid S${"K"}${hex(32)}`, `S${"K"}${hex(32)}`],
  ["telegram-token", `123456789:${"AA"}${random(33)}`, `${"AA"}${random(33)}`],
  ["azure-storage-key", `AccountName=x;Account${"Key="}${random(86)}==;EndpointSuffix=y`, `${random(86)}==`],
  ["azure-signature", `https://x.blob.core/y?sv=1&si${"g="}${random(43)}%3D`, `${random(43)}%3D`],
  ["databricks-token", `da${"pi"}${hex(32)}`],
  ["shopify-token", `shp${"at_"}${hex(32)}`],
  ["linear-key", `lin${"_api_"}${random(40)}`],
  ["notion-token", `nt${"n_"}${random(46)}`],
  ["notion-token", `sec${"ret_"}${random(43)}`],
  ["doppler-token", `dp${".pt."}${random(43)}`],
  ["groq-key", `gs${"k_"}${random(52)}`],
  ["xai-key", `xa${"i-"}${random(80)}`],
  ["perplexity-key", `ppl${"x-"}${random(48)}`],
  ["tavily-key", `tvl${"y-"}dev-${random(32)}`],
  ["replicate-token", `r${"8_"}${random(37)}`],
  ["rubygems-key", `rubygems${"_"}${hex(48)}`],
  ["docker-token", `dckr${"_pat_"}${random(27)}`],
  ["url-signature", `https://b.s3.amazonaws.com/k?a=1&X-Amz-Signature=${hex(64)}&b=2`, hex(64)],
  ["url-signature", `https://storage.googleapis.com/b/o?X-Goog-Signature=${hex(512)}`, hex(512)],
  ["square-secret", `sq0${"csp-"}${random(43)}`],
  ["webhook-secret", `whs${"ec_"}${random(32)}`],
  ["atlassian-token", `ATA${"TT3"}xFfGF0${random(180)}=${hex(8)}`],
  ["figma-token", `fig${"d_"}${random(40)}`],
  ["supabase-key", `sb${"p_"}${hex(40)}`],
  ["supabase-key", `sb${"_secret_"}${random(31)}`],
  ["planetscale-key", `pscale${"_tkn_"}${random(43)}`],
  ["new-relic-key", `NRA${"K-"}${random(27, "AB1CD2EF3")}`],
  ["postman-key", `PMA${"K-"}${hex(24)}-${hex(34)}`],
  ["sentry-token", `sntr${"ys_"}${random(60)}`],
  ["grafana-token", `gl${"sa_"}${random(32)}_${hex(8)}`],
  ["vault-token", `hv${"s."}${random(24)}`],
];

describe("redact masks credentials by their looks", () => {
  test.each(credentials)("%s", (kind, text, secret = text) => {
    const masked = text.replace(secret, `[redacted:${kind}]`);
    expect(redact(`see ${text} there`)).toBe(`see ${masked} there`);
    expect(redact(JSON.stringify({ text: `line\n${text}\nline` }))).toBe(
      JSON.stringify({ text: `line\n${masked}\nline` }),
    );
    expect(redact(JSON.stringify({ token: text }))).not.toContain(secret);
    expect(redact(JSON.stringify({ [text]: 1 }))).not.toContain(secret);
  });
});

describe("redact masks what stands under a sensitive name", () => {
  test.each([
    ['{"password":"hunter2"}', '{"password":"[redacted:password]"}'],
    ['{ "db-Password" :\t"two words" }', '{ "db-Password" :\t"[redacted:password]" }'],
    ['{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"[redacted:password]"}'],
    ['{"password":12345,"otp":0,"token":5}', '{"password":"[redacted:password]","otp":"[redacted:otp]","token":5}'],
    ['{"Client Secret":"x","x-api-key":"y"}', '{"Client Secret":"[redacted:secret]","x-api-key":"[redacted:api-key]"}'],
    ['{"Set-Cookie":["a=b","c=d"]}', '{"Set-Cookie":["[redacted:cookie]","[redacted:cookie]"]}'],
    ['{"Authorization":"Bearer x"}', '{"Authorization":"[redacted:authorization]"}'],
    ['[{"name":"DB_PASSWORD","value":"x"}]', '[{"name":"DB_PASSWORD","value":"[redacted:password]"}]'],
    ['["--token","x","--port","1"]', '["--token","[redacted:token]","--port","1"]'],
    [
      '{"connectionString":"x","privateKey":"y"}',
      '{"connectionString":"[redacted:connection-string]","privateKey":"[redacted:private-key]"}',
    ],
    [
      '{"REDIS_PASS":"x","mysqlPass":"y","secret_key_base":"z"}',
      '{"REDIS_PASS":"[redacted:password]","mysqlPass":"[redacted:password]","secret_key_base":"[redacted:secret]"}',
    ],
    [
      '{"db_password":{"sensitive":true,"type":"string","value":"x"}}',
      '{"db_password":{"sensitive":true,"type":"string","value":"[redacted:password]"}}',
    ],
    [`{"auths":{"ghcr.io":{"auth":"${btoa("joe:hunter2")}"}}}`, '{"auths":{"ghcr.io":{"auth":"[redacted:auth]"}}}'],
    [
      `{"kty":"EC","x":"${random(43)}","d":"${random(43)}"}`,
      `{"kty":"EC","x":"${random(43)}","d":"[redacted:private-key]"}`,
    ],
    [`{"d":"${random(43)}","kty":"OKP"}`, '{"d":"[redacted:private-key]","kty":"OKP"}'],
    [`{"kty":"oct","k":"${random(43)}"}`, '{"kty":"oct","k":"[redacted:private-key]"}'],
    ['{"password":"a","password":"b"}', '{"password":"[redacted:password]","password":"[redacted:password]"}'],
    ['{"auth":["--password","hunter2"]}', '{"auth":["--password","[redacted:password]"]}'],
    ['{"pin":["-u","x","--password","hunter2"]}', '{"pin":["-u","x","--password","[redacted:password]"]}'],
    ['["--pin","1234","--otp","123456"]', '["--pin","[redacted:pin]","--otp","[redacted:otp]"]'],
    ['{"_pin":"1234"}', '{"_pin":"[redacted:pin]"}'],
    ['{"pin":"7K9P","cvc":"1a2b"}', '{"pin":"[redacted:pin]","cvc":"[redacted:pin]"}'],
    [`{".auth":"${btoa("joe:hunter2")}"}`, '{".auth":"[redacted:auth]"}'],
    ['{"name":"GitHub token","value":"x"}', '{"name":"GitHub token","value":"[redacted:token]"}'],
    ['[{"key":"db api key","value":"x"}]', '[{"key":"db api key","value":"[redacted:api-key]"}]'],
    ['{"connection string":"x"}', '{"connection string":"[redacted:connection-string]"}'],
    ['{"password hash":"x"}', '{"password hash":"[redacted:password]"}'],
    ['{"secret value":"x"}', '{"secret value":"[redacted:secret]"}'],
    ['{"token value":"x"}', '{"token value":"[redacted:token]"}'],
    ['{"pass phrase":"x y"}', '{"pass phrase":"[redacted:passphrase]"}'],
    ['{"pin code":"1234"}', '{"pin code":"[redacted:pin]"}'],
    ['{"mfa code":"123456"}', '{"mfa code":"[redacted:otp]"}'],
    ['{"api  key":"x"}', '{"api  key":"[redacted:api-key]"}'],
    ['{"password ":"x"}', '{"password ":"[redacted:password]"}'],
    ['{"secret key base":"x"}', '{"secret key base":"[redacted:secret]"}'],
    [
      '{"text":"{\\u0022pin\\u0022:\\u00221234\\u0022}"}',
      '{"text":"{\\u0022pin\\u0022:\\u0022[redacted:pin]\\u0022}"}',
    ],
    [`{"t":"?si${"g"}\\u003d${random(43)}%3D"}`, `{"t":"?si${"g"}\\u003d[redacted:azure-signature]"}`],
    [`{"t":"X-Amz-Signature\\u003d${hex(64)}"}`, '{"t":"X-Amz-Signature\\u003d[redacted:url-signature]"}'],
    ['{"api\\u0020key":"x"}', '{"api\\u0020key":"[redacted:api-key]"}'],
    [`{"kty":"oct","k":"${random(21)}+/=="}`, '{"kty":"oct","k":"[redacted:private-key]"}'],
    [`{"kty":"RSA","d":"${random(40)}[99 bytes omitted]`, '{"kty":"RSA","d":"[redacted:private-key]'],
    [`{"a":{"d":"${random(40)}","kty":"RSA","n":"x`, '{"a":{"d":"[redacted:private-key]","kty":"RSA","n":"x'],
  ])("%s", (text, masked) => {
    expect(redact(text)).toBe(masked);
  });
});

describe("redact masks what text assigns to a sensitive name", () => {
  test.each([
    ["DB_PASSWORD=letmein", "DB_PASSWORD=[redacted:password]"],
    ["export API_KEY='abcd1234'", "export API_KEY='[redacted:api-key]'"],
    ["mysql --password=letmein -u joe", "mysql --password=[redacted:password] -u joe"],
    ["tool --api-key a1b2c3d4e5 run", "tool --api-key [redacted:api-key] run"],
    ["**Password:** hunter2", "**Password:** [redacted:password]"],
    ["  password: hunter2", "  password: [redacted:password]"],
    ["API key: a1b2c3D4", "API key: [redacted:api-key]"],
    ["GET /x?page=1&access_token=abcd&z=2", "GET /x?page=1&access_token=[redacted:token]&z=2"],
    ["Server=x;Password=letmein;Database=y", "Server=x;Password=[redacted:password];Database=y"],
    ["Cookie: sid=1; theme=dark", "Cookie: [redacted:cookie]"],
    ["<password>letmein</password>", "<password>[redacted:password]</password>"],
    ['got {"password": "a \\"b\\" c", "n": 1} back', 'got {"password": "[redacted:password]", "n": 1} back'],
    ["{'token': 'abc', 'n': 1}", "{'token': '[redacted:token]', 'n': 1}"],
    [
      'out: {"db_password": {"type": "string", "value": "hunter2"}}',
      'out: {"db_password": {"type": "string", "value": "[redacted:password]"}}',
    ],
    [`//npm.example.com/:_authToken=abcdefgh`, "//npm.example.com/:_authToken=[redacted:token]"],
    [`//npm.example.com/:_auth=${btoa("joe:hunter2")}`, "//npm.example.com/:_auth=[redacted:auth]"],
    [
      "env:\n  - name: DB_PASSWORD\n    value: letmein\n",
      "env:\n  - name: DB_PASSWORD\n    value: [redacted:password]\n",
    ],
    ["- name: 'API_TOKEN'\n  value: \"abcd1234\"\n", "- name: 'API_TOKEN'\n  value: \"[redacted:token]\"\n"],
    ['conf: {"pin": 1234}', 'conf: {"pin": "[redacted:pin]"}'],
    ["conf: {'pin': '1234'}", "conf: {'pin': '[redacted:pin]'}"],
    ["DB_PASSWORD=**hunter", "DB_PASSWORD=[redacted:password]"],
    ["run --token=**abcdef", "run --token=[redacted:token]"],
    ["GET /x?token=**abcdef", "GET /x?token=[redacted:token]"],
    ["MYSQL_ROOT_PASSWORD=rootpass", "MYSQL_ROOT_PASSWORD=[redacted:password]"],
    ["POSTGRES_PASSWORD=Sup3rAdminPass", "POSTGRES_PASSWORD=[redacted:password]"],
    ["DB_PASSWORD=MyPassword1", "DB_PASSWORD=[redacted:password]"],
    ["password: Sup3rSecret", "password: [redacted:password]"],
    ["DB_PASSWORD=MySecret", "DB_PASSWORD=[redacted:password]"],
    ["connection string: 'Server=x;Uid=y1'", "connection string: '[redacted:connection-string]'"],
    [`password: ${"a".repeat(260)}1!`, "password: [redacted:password]"],
    [`API_TOKEN=$${random(320)}`, "API_TOKEN=[redacted:token]"],
    [`Basic Basic ${btoa("user:pass")}`, "Basic Basic [redacted:basic]"],
    [`Authorization: Basic basic ${btoa("user:pass")}`, "Authorization: Basic basic [redacted:basic]"],
    ["bearer oauth2-bearer s3cr3t-t0ken99", "bearer oauth2-bearer [redacted:bearer]"],
    ["BEARER HTwEzuf45", "BEARER [redacted:bearer]"],
    [`see xo${"xb-"}abcdefghijklmnop`, "see [redacted:slack-token]"],
    ["see https://user:p\u00e0ss@host", "see https://user:[redacted:password]@host"],
    ["see postgres://app:\u{1f620}x@db", "see postgres://app:[redacted:password]@db"],
    [`key: {"kty":"oct","k":"${random(20)}"} done`, 'key: {"kty":"oct","k":"[redacted:private-key]"} done'],
    [`\`\`\`json\n{"k": "${random(20)}", "kty": "oct"}\n`, '```json\n{"k": "[redacted:private-key]", "kty": "oct"}\n'],
  ])("%s", (text, masked) => {
    expect(redact(text)).toBe(masked);
    expect(redact(JSON.stringify({ text }))).toBe(JSON.stringify({ text: masked }));
  });
});

describe("redact leaves alone what is not a secret", () => {
  test.each([
    "the token is invalid; a password reset is needed, then a new API key is issued",
    "password: required, at least 8 characters",
    "Basic authentication or bearer authentication; basic configuration",
    "commit 3f785a0c1b2d4e6f8a9b0c1d2e3f4a5b6c7d8e9f at 2026-11-21T06:34:44.123456Z",
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "550e8400-e29b-41d4-a716-446655440000",
    "/home/joe/.config/tokens/secret.json and C:\\Users\\joe\\password.txt",
    "const token = getToken(request); if (token === undefined) throw new Error('no token');",
    "connect(user=user, password=password, token=process.env.TOKEN)",
    "password = config.get('password')",
    "a bearer bonds1234567 or bearer instruments-2031; xoxo-hugs-and-kisses",
    "curl -u $USER:$PASS https://x; curl -u joe https://x; docker run -u 1000:1000 curl; curl x | sort -u a:b",
    "mkdir -p /var/lib/mysql; docker run --name mysql -p3306:3306 mysql; mysql -p shop; mysql -p$PASS; ls | head -print",
    "sshpass -p $PASS ssh; sshpass -p ${PASS} ssh; machine learning login pages; the machine x login y asks",
    "https://my-build-server-account-name@host/x https://550e8400-e29b-41d4-a716-446655440000@host/x",
    "- name: DB_PASSWORD\n  valueFrom: x\n- name: DB_TOKEN\n  value: ${TOKEN}\n- name: token\n  in: query\n",
    "always-auth=true _auth=${AUTH} _auth=yes",
    '{"pin":"latest","cvc":"v2","auth":"basic","pinned":"1.2"}',
    '[{"pin":"GPIO17"},{"pin":"D13"},{"pin":"v1.2.3"},{"pin":"1.2.3-rc1"},{"pin":"main"}]',
    '{"forgot_password":"https://example.com/reset","auth":{"type":"bearer"}}',
    '{"spacing-token":{"value":"4px"},"token":{"type":"word","value":"function"},"d":"a1b2c3d4e5f6g7h8i9j0"}',
    'ast: {"token":{"type":"word","value":"function"}}',
    '{"kty":"EC","x":"a1b2c3d4e5f6g7h8i9j0","y":"a1b2c3d4e5f6g7h8i9j0"}',
    "PWD=/home/joe/project2 OLDPWD=/tmp/a1",
    "SESSION_SECRET=change-me DB_PASSWORD=changeme API_TOKEN=your-token-here",
    '{"cookie":["./dist/types/helper/cookie/index.d.ts"],"token":"../lib/token.js"}',
    "DB_PASSWORD=password API_KEY=apiKey --token=token password=**",
    "login({ token: 'accessToken', password: 'userPassword' })",
    'the token value is unknown; a password hash, "the pin code", the "password "',
    "a bearer bearer of news; basic basic knowledge; xoxb-your-token-here xoxo-kissesandhugsforever",
    '{"auth":["--verbose","--output","x"],"pin":["--latest","v1"]}',
    '{"name":"token bucket","value":"x"}',
    '{"description":"The access token","type":"string"}',
    '{"u":"\\u0022author\\u0022 says \\u0022yes\\u0022 and a\\u003db"}',
    `{"type":"RSA","d":"${random(40)}","k":"${random(40)}"`,
    `the kty of {"d": "${random(40)}"} and {"kty": "EC", "x": "${random(43)}"}`,
    "-----BEGIN PRIVATE" + " KEY----- marks a key and -----END PRIVATE" + " KEY----- ends it",
    "-----BEGIN PRIVATE" + " KEY-----\nNote: see the manual\nfor more",
    "type A = Token<Kind.DotToken>; type B = Token<Kind.PlusToken>;",
    '{"dependencies":{"js-cookie":"^3.0.5","jsonwebtoken":"~9.0.2","pbkdf2-password":"1.2.1"}}',
    "task-list risk-free disk-1 MSG.text half_life npm_config_registry AKIA ASIA",
    "see https://example.com/a@b and npm i @scope/pkg@1.2.3, mail joe@example.com",
    "PASSWORD=${DB_PASSWORD} TOKEN=<token> SECRET=*** API_KEY=$KEY",
    '{"token":null,"password":true,"secret":"","apiKey":"${KEY}","pwd":"/home/joe","credentials":"include"}',
    '{"_meta":{"progressToken":"abc123def456"},"maxTokens":5,"max_tokens":5,"requestState":"a1b2c3d4e5f6"}',
    '{"nextCursor":"abc123","cursor":"x","pageToken":"y","nextPageToken":"z","syncToken":"t","cancellationToken":"u"}',
    '{"tokens":["the","cat"],"inputTokens":"5","totalTokens":5,"tokenCount":"7","continuationToken":"v","key":"value"}',
    '{"properties":{"password":{"type":"string","minLength":8},"token":{"type":"string"}},"required":["password","token"]}',
    '{"id":9007199254740993, "id":1e400 ,"x":"\\u00e9\\/\\ud83d\\ude00"}',
    `{"type":"image","data":"${"iVBORw0KGgoAAAANSUhEUgAA".repeat(2000)}"}`,
  ])("%s", (text) => {
    expect(redact(text)).toBe(text);
    const nested = JSON.stringify({ text });
    expect(redact(nested)).toBe(nested);
  });
});

test("suspects lets ordinary messages pass, progress tokens and schemas among them", () => {
  const lines = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"path":"/a"},"_meta":{"progressToken":1}}}',
    '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"the token, the key; see https://example.com/x"}]}}',
    '{"inputSchema":{"type":"object","properties":{"password":{"type":"string"}},"required":["path"]}}',
  ];
  expect(redactor.suspects(Buffer.from(lines.join("\n")))).toBe(false);
  expect(redactor.suspects(Buffer.from(`${lines.join("\n")}\n{"password":"x"}`))).toBe(true);
});

test("redact keeps every byte outside the mask, at any depth of JSON in strings", () => {
  const inner = '{"n":9007199254740993, "e":"\\u00e9\\/", "password":"a\\"b","pin":1}';
  const outer = `{"a":${JSON.stringify(JSON.stringify(inner))},  "b":1.0}`;
  const masked = '{"n":9007199254740993, "e":"\\u00e9\\/", "password":"[redacted:password]","pin":"[redacted:pin]"}';
  expect(redact(outer)).toBe(`{"a":${JSON.stringify(JSON.stringify(masked))},  "b":1.0}`);
});

test.each([
  ["mysql://AKIAIOSFODNN7EXAMPLE;user:pw@secret", "mysql://[redacted:aws-access-key][redacted:password]@secret"],
  ["mysql://[redacted:user]:hunter2@db", "mysql://[redacted:user][redacted:password]@db"],
  [`\\nAPI_KEY=/ghp_${random(36)}`, "\\nAPI_KEY=[redacted:api-key]"],
  ["Cookie: sid=abcdef; theme=dark; csrf_token", "Cookie: [redacted:cookie]"],
  [`Basic dXNlcjpwYXNz/ghp_${random(36)};`, "Basic [redacted:basic][redacted:github-token];"],
  ['{"password":1234Basic dXNlcjpwYXNz"', '{"password":"[redacted:password]"Basic [redacted:basic]"'],
])("redact masks what touches a secret or a mask, once and for all: %j", (text, masked) => {
  expect(redact(text)).toBe(masked);
  expect(redact(masked)).toBe(masked);
});

test("redact gives for what it has masked the same, whatever touches what", () => {
  const names = ["password=", "token: ", "--token ", "Bearer ", " pin: ", '{"password":', '"pin": "', "**Password:** "];
  const others = [
    "name: TOKEN\n  value: ",
    "<password>",
    "</password>",
    "[redacted:token]",
    "Cookie: a=b; c=d",
    "mysql://",
  ];
  const secrets = [
    `ghp_${random(36)}`,
    "AKIAIOSFODNN7EXAMPLE",
    "Basic dXNlcjpwYXNz",
    "user:pw@",
    "hunter2x",
    "7K9P",
    "1234",
  ];
  const marks = ['"', "'", "`", " ", "\n", "\\n", ",", ";", ":", "=", "&", "?", "{", "}", "[", "]", "/", "%3D", '\\"'];
  const part = fc.constantFrom(...names, ...others, ...secrets, ...marks);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
      const once = redact(parts.join(""));
      expect(redact(once)).toBe(once);
    }),
    { numRuns: 3000 },
  );
});

test("redact masks what can be seen of a message that is cut or broken", () => {
  expect(redact('{"password":"hunt')).toBe('{"password":"[redacted:password]');
  expect(redact('{"text":"{\\"password\\":\\"hunt\\u00')).not.toContain("hunt");
  expect(redact('{"a":"b" "password":"hunter"')).not.toContain("hunter");
  expect(redact('ader","x":"{\\"password\\":\\"hunter\\"}"}')).not.toContain("hunter");
  expect(redact('{"a":"tab\there","b":"\\x","password":"hunter"}')).not.toContain("hunter");
});

test("redact masks a private key whose end is missing", () => {
  const key = pem(false).trimEnd();
  expect(redact(`key: ${key}`)).toBe("key: [redacted:private-key]");
  expect(redact(`${key}\n(cut off)`)).toBe("[redacted:private-key]\n(cut off)");
  expect(redact(JSON.stringify({ key }).slice(0, -9))).toBe('{"key":"[redacted:private-key]');
});

test.each([
  ["numbered by a tool", (line: string, n: number) => `${String(n + 1).padStart(6)}\u2192${line}`],
  ["numbered by cat -n", (line: string, n: number) => `${String(n + 1).padStart(6)}\t${line}`],
  ["quoted", (line: string) => `> ${line}`],
  ["added by a diff", (line: string) => `+${line}`],
  ["removed by a diff", (line: string) => `-${line}`],
  ["indented, with line ends of Windows", (line: string) => `    ${line}\r`],
  ["indented deeply", (line: string) => " ".repeat(40) + line],
  ["followed by blanks", (line: string) => `${line} \t`],
  ["followed by blanks and line ends of Windows", (line: string) => `${line}  \r`],
  ["far apart", (line: string) => `${line}${"\r\n".repeat(20)}`],
  ["comments", (line: string) => `// ${line}`],
])("redact masks a private key whose lines are %s", (_, written) => {
  const text = pem(true).split("\n").map(written).join("\n");
  const masked = `${text.slice(0, text.indexOf("-----BEGIN"))}[redacted:private-key]`;
  expect(redact(text).trimEnd()).toBe(masked);
  expect(JSON.parse(redact(JSON.stringify({ text }))).text.trimEnd()).toBe(masked);
});

test.each([
  ["of Windows", "\r\n", "Proc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,0A1B\r\n\r\n"],
  ["of Unix, two empty ones", "\n", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n\n"],
  ["that are blanks", " ", "Proc-Type: 4,ENCRYPTED DEK-Info: AES-128-CBC,0A1B "],
  ["that are form feeds", "\f", ""],
  ["of a shell", "\\\n", ""],
  ["that are no-break spaces", "\u00a0", ""],
  ["written out", "\\r\\n", "Version: GnuPG v2 (GNU\\/Linux)\\r\\n\\r\\n"],
])("redact masks a private key with headers and lines %s", (_, lineEnd, headers) => {
  const text = pem(true, lineEnd).replace(`-----${lineEnd}`, (begin) => begin + headers);
  expect(redact(`a ${text} b`)).toBe("a [redacted:private-key] b");
});

test.each([
  ["\n", 65_000],
  ["\r\n", 40_000],
  ["\n    12\t", 40_000],
])("redact masks a private key of any size, with line ends %j", (lineEnd, lines) => {
  const key = `-----BEGIN PRIVATE${" KEY-----"}${lineEnd}${(random(64) + lineEnd).repeat(lines)}-----END PRIVATE KEY-----`;
  expect(redactor.redact(`a ${key} b`).text).toBe("a [redacted:private-key] b");
});

test("redact masks both parts of a private key that is cut in the middle", () => {
  const key = pem(true);
  for (const from of [36, 60]) {
    expect(redact(`${key.slice(0, from)}[99 bytes omitted]${key.slice(150)}`)).toBe("[redacted:private-key]");
  }
  expect(redact(key.slice(0, 40))).toBe("[redacted:private-key]");
});

test("redact knows a flag behind an escaped line break, where nothing else is suspicious", () => {
  const masked = '{"text":"run\\n--api-key [redacted:api-key]"}';
  expect(redact(`{"text":"run\\n--api-key ${random(24)}"}`)).toBe(masked);
});

test("find gives the secrets that redact masks, in order", () => {
  const text = `{"password":"hunter2","n":1,"text":"token=${random(20)} and \\u0067hp_${random(36)}"}`;
  const found = redactor.find(text).map(({ start, end, kind }) => [kind, text.slice(start, end)]);
  expect(found).toEqual([
    ["password", "hunter2"],
    ["token", random(20)],
    ["github-token", `\\u0067hp_${random(36)}`],
  ]);
  expect(redactor.find("nothing here")).toEqual([]);
});

/** Texts that once took time by the square of their length, or more, each 1 MB: linear ones take tens of milliseconds. */
test.each([
  ["a name repeated", "password", ""],
  ["a name with hyphens", "token-", ""],
  ["the beginning of a token", "ghp_", ""],
  ["the beginning of a key", "sk-proj-", ""],
  ["dotted beginnings of a token", "dp.pt.", ""],
  ["a path that may hold a secret", "A", 'password: "/'],
  ["a name that is given a value of names", "password=", ""],
  ["a name that is given no secret", "token=", ""],
  ["an escaped separator", "token=%3D", ""],
  ["the beginning of a JWT", "eyJ-", ""],
  ["beginnings of a JWT in front of its end", `${"eyJ-".repeat(500)}..`, ""],
  ["cookies", "cookie:", ""],
  ["headers of names", "authorization: ", ""],
  ["values in quotes", "password='", ""],
  [
    "quotes behind more and more backslashes",
    Array.from({ length: 255 }, (_, n) => `key=${"\\".repeat(n)}"`).join(""),
    "",
  ],
  ["objects of a name", '"password":{', ""],
  ["commands", "curl -u ", ""],
  ["beginnings of private keys", "-----BEGIN PRIVATE KEY-----\nabcd: ", ""],
  ["names before many blanks", `${"token-".repeat(20)}${" ".repeat(1000)}= `, ""],
  ["headers behind the beginning of a private key", "password: ", "-----BEGIN PRIVATE KEY-----\n"],
  ["blanks in a private key", " ", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAA"],
  ["backslashes in a private key", "\\", "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAA"],
  ["backslashes in a header of a private key", "\\", "-----BEGIN PRIVATE KEY-----\nabcd: x"],
  ["backslashes behind a name", "\\", "token"],
  ["key types", '"kty"', ""],
  ["members of a key", '"d":"', '{"kty"'],
  ["words of a scheme", "basic basic/", ""],
])(
  "redact and suspects take linear time for %s",
  (_, unit, start) => {
    const text = `${start}${unit.repeat((1 << 20) / unit.length)}"`;
    const began = performance.now();
    redactor.redact(text);
    redactor.redact(JSON.stringify({ text }));
    redactor.redact(JSON.stringify({ text: JSON.stringify([text]) }));
    redactor.suspects(Buffer.from(text));
    expect(performance.now() - began).toBeLessThan(10_000);
  },
  60_000,
);

test("redact takes linear time for an array of many short strings", () => {
  const text = JSON.stringify([{ password: "x" }, ...Array.from({ length: 300_000 }, () => "a")]);
  const began = performance.now();
  expect(redactor.redact(text).count).toBe(1);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("redact survives very deep nesting", () => {
  const deep = `${"[".repeat(100_000)}{"password":"x"}${"]".repeat(100_000)}`;
  expect(redactor.redact(deep).count).toBe(1);
  expect(redactor.redact(`${'{"a":'.repeat(100_000)}"password=hunter2"`).count).toBe(1);
});

describe("rules", () => {
  test("keys are sensitive however they are spelled", () => {
    const own = createRedactor({ keys: ["customer_ssn", "iban"] });
    expect(redact('{"CustomerSSN":"1","IBAN":"2","n":3}', own)).toBe(
      '{"CustomerSSN":"[redacted:customer-ssn]","IBAN":"[redacted:iban]","n":3}',
    );
  });

  test("keys that no keyword can stand for are found too", () => {
    expect(redact('{"id":"1"}', createRedactor({ keys: ["id"] }))).toBe('{"id":"[redacted:id]"}');
    expect(redact('{"heslo-č":"1"}', createRedactor({ keys: ["heslo-č"] }))).toBe('{"heslo-č":"[redacted:heslo]"}');
    expect(redact('{"user[code]":"1"}', createRedactor({ keys: ["user[code]"] }))).toBe(
      '{"user[code]":"[redacted:user-code]"}',
    );
    expect(redact('{"my secret word":"1"}', createRedactor({ keys: ["mySecretWord"] }))).toContain("redacted");
    expect(redact('{"progressToken":"1"}', createRedactor({ keys: ["progressToken"] }))).toContain("redacted");
  });

  test("ignoreKeys are never sensitive", () => {
    expect(redact('{"session_token":"x","token":"y"}', createRedactor({ ignoreKeys: ["sessionToken"] }))).toBe(
      '{"session_token":"x","token":"[redacted:token]"}',
    );
  });

  test("patterns mask their matches, in escaped strings too", () => {
    const own = createRedactor({ patterns: [{ name: "Employee ID", pattern: "emp-\\d+", flags: "i" }] });
    expect(own.suspects(Buffer.from("anything"))).toBe(true);
    expect(redact('{"a":"\\u0045MP-12 and emp-3"}', own)).toBe(
      '{"a":"[redacted:employee-id] and [redacted:employee-id]"}',
    );
  });

  test("allowed values stay", () => {
    const own = createRedactor({ allow: ["^test-", "EXAMPLE$"] });
    const key = `${"AK"}IA${random(9, "ABCD2345")}EXAMPLE`;
    expect(redact(JSON.stringify({ token: "test-1", key }), own)).toBe(JSON.stringify({ token: "test-1", key }));
    expect(redact('{"token":"real"}', own)).toBe('{"token":"[redacted:token]"}');
  });

  test("an allowed value hides none of its neighbours", () => {
    const own = createRedactor({ allow: ["example"] });
    const masked = "Cookie: theme=example; access_token=[redacted:token]";
    expect(redact("Cookie: theme=example; access_token=abcdef123456", own)).toBe(masked);
    expect(redact("Cookie: theme=example; lang=en", own)).toBe("Cookie: theme=example; lang=en");
    const began = performance.now();
    own.redact(`${"cookie: a=example; ".repeat(50_000)}`);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test.each([
    [{ patterns: [{ name: "bad", pattern: "(" }] }, /redaction pattern "bad"/],
    [{ patterns: [{ name: "bad", pattern: "a", flags: "q" }] }, /redaction pattern "bad"/],
    [{ patterns: [{ name: "void", pattern: "a*" }] }, /"void": it matches the empty string/],
    [{ allow: ["["] }, /allowed pattern "\["/],
  ])("refuses %j", (rules, message) => {
    let error: unknown;
    try {
      createRedactor(rules);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(KmError);
    expect(error).toMatchObject({ code: "CFG_002", message: expect.stringMatching(message) });
  });
});

describe("properties", () => {
  const names = fc.constantFrom("password", "token", "x-api-key", "name", "value", "n", "Authorization", "text");
  const secretText = fc.constantFrom(...credentials.map(([, text]) => ` ${text} `));
  const noise = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom(
      '"',
      "\\",
      "[redacted:token]",
      "password=",
      "token: ",
      "Bearer ",
      "://a:b@c",
      "--password ",
      "'",
      "{",
      "[",
    ),
    secretText,
  );
  const text = fc.array(noise, { maxLength: 6 }).map((parts) => parts.join(""));
  const value = fc.letrec((tie) => ({
    any: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.boolean(), tie("list"), tie("object"), tie("nested")),
    list: fc.array(tie("any"), { maxLength: 3 }),
    object: fc.dictionary(fc.oneof(names, text), tie("any"), { maxKeys: 3 }),
    nested: tie("any").map((inner) => JSON.stringify(inner)),
  })).any;

  test("valid JSON stays valid, masking again changes nothing, and suspects hides nothing", () => {
    fc.assert(
      fc.property(value, (any) => {
        JSON.parse(redact(JSON.stringify(any)));
      }),
      { numRuns: 500 },
    );
  });

  test("the look at raw bytes hides nothing that a full search finds", () => {
    const thorough = createRedactor({ patterns: [{ name: "never", pattern: "(?!)x" }] });
    const escaped = value.map((any) =>
      JSON.stringify(any).replace(/[ko=/]/g, (char) =>
        char === "/" ? "\\/" : `\\u00${char.charCodeAt(0).toString(16)}`,
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          value.map((any) => JSON.stringify(any, undefined, 1)),
          escaped,
        ),
        (any) => {
          expect(redactor.redact(any)).toEqual(thorough.redact(any));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("no text makes redact throw, and text outside the masks is unchanged", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          value.map((any) => JSON.stringify(any).slice(0, -3)),
        ),
        (any) => {
          const result = redactor.redact(any).text;
          let from = 0;
          for (const part of result.split(/\[redacted:[a-z0-9-]+\]/)) {
            const kept = part.replace(/^\\*["'`]|\\*["'`]$/g, ""); // quotes that a masked number gained
            const at = any.indexOf(kept, from);
            expect(at).toBeGreaterThanOrEqual(from);
            from = at + kept.length;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("of a text of secrets and noise, each secret is masked", () => {
    const assigned = fc.constantFrom(
      ["DB_PASSWORD=", random(24)],
      ["--api-key ", random(24)],
      ["token: ", random(24)],
      ["Cookie: ", `sid=${random(24)}`],
      ['{"password":"', `${random(12)} ${random(11)}`],
    );
    const shaped = fc.constantFrom(...credentials.map(([, text, secret = text]) => [text, secret]));
    const words = fc.constantFrom(
      "password",
      "token",
      "eyJ",
      "the key",
      "Bearer",
      "curl",
      "machine",
      "1",
      "=",
      ": ",
      "x",
    );
    const part = fc.oneof(
      fc.tuple(fc.constant(true), assigned),
      fc.tuple(fc.constant(false), shaped),
      words,
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, asJson) => {
        const lines = parts.map((each) => {
          if (typeof each === "string") return each.replace(/\[redacted:?/g, "");
          const [isAssigned, [text = "", secret = ""]] = each;
          return isAssigned ? `${text}${secret}` : text;
        });
        const text = lines.join("\n");
        const masked = redact(asJson ? JSON.stringify({ text }) : text);
        for (const each of parts) {
          if (typeof each === "string") continue;
          const secret = each[1][1] ?? "";
          // Shorter ones may be a part of the noise.
          if (secret.length >= 16) expect(masked).not.toContain(secret.replaceAll("\n", asJson ? "\\n" : "\n"));
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a planted secret never survives, however deep", () => {
    fc.assert(
      fc.property(fc.constantFrom(...credentials), fc.nat(4), value, names, (credential, levels, beside, name) => {
        const [, text, secret = text] = credential;
        let planted = JSON.stringify({ beside, [name]: `a ${text} b` });
        for (let i = 0; i < levels; i++) planted = JSON.stringify({ [name]: [planted], beside: i });
        const kept = redact(planted);
        let decoded = kept;
        for (let i = 0; i < 12; i++) decoded = decoded.replaceAll("\\n", "\n").replaceAll("\\\\", "\\");
        const besideText = JSON.stringify(beside);
        if (!besideText.includes(secret.slice(0, 8))) expect(decoded).not.toContain(secret.replaceAll("\\n", "\n"));
      }),
      { numRuns: 500 },
    );
  });
});

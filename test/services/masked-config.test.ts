/** Configurations of backends without their secrets. */
import { describe, expect, test } from "bun:test";
import { maskedConfig, maskedUrl } from "../../src/services/masked-config.ts";

const S = "Pl4nt3dV7qZ2xK9wM3r";

describe("maskedConfig", () => {
  test.each([
    `a: {password: ${S}}`,
    `basic_auth: {username: u, password: ${S}}`,
    `bearer_token: ${S}`,
    `authorization: {type: Bearer, credentials: ${S}}`,
    `oauth2: {client_id: c, client_secret: ${S}, token_url: "https://h/t", endpoint_params: {client_assertion: x, password: ${S}}}`,
    `http_headers: {X-Anything: {values: [${S}], secrets: [${S}]}}`,
    `remote_write: [{headers: {X-Scope: ${S}}}]`,
    `proxy_url: "http://u:${S}@proxy:1"`,
    `params: {token: [${S}], api_key: [${S}]}`,
    `sigv4: {access_key: a, secret_key: ${S}}`,
    `slack_configs: [{api_url: "https://hooks.slack.com/services/T/B/${S}"}]`,
    `webhook_configs: [{url: "https://h/x/${S}?k=${S}"}]`,
    `global: {slack_api_url: not-an-address-${S}}`,
    `pagerduty_configs: [{routing_key: ${S}, service_key: ${S}}]`,
    `opsgenie_configs: [{api_key: ${S}}]`,
    `pushover_configs: [{user_key: ${S}, token: ${S}}]`,
    `telegram_configs: [{bot_token: ${S}}]`,
    `victorops_configs: [{api_key: ${S}}]`,
    `wechat_configs: [{api_secret: ${S}}]`,
    `sns_configs: [{sigv4: {secret_key: ${S}}}]`,
    `smtp_auth_password: ${S}\nsmtp_auth_secret: ${S}`,
    `tls_config: {key: ${S}}`,
    `consul_sd_configs: [{server: h, token: ${S}}]`,
    `azure_sd_configs: [{client_secret: ${S}}]`,
    `digitalocean_sd_configs: [{bearer_token: ${S}}]`,
    `a: &x {password: ${S}}\nb: *x`,
  ])("%s", (yaml) => {
    const masked = maskedConfig(yaml, new Set(["api_url", "url", "slack_api_url"]));
    expect(masked?.text).toContain("[redacted:secret]");
    expect(masked?.text).not.toContain(S);
    expect(JSON.stringify(masked?.value)).not.toContain(S);
  });

  test("what is no secret stays", () => {
    const yaml =
      "basic_auth:\n  username: ada\n  password_file: /etc/p\nurl: http://host:1/a?b=c\ncredentials_file: /x\npassword: <secret>\n";
    expect(maskedConfig(yaml, new Set())?.text).toBe(yaml);
  });

  test.each(["- a", "a", "", "{", "a: *unknown"])("%j is no configuration", (yaml) => {
    expect(maskedConfig(yaml, new Set())).toBeUndefined();
  });
});

test.each([
  ["http://h:1/p?a=b", "http://h:1/p?a=b"],
  ["http://u:p@h:1/p", "http://[redacted:secret]@h:1/p"],
  ["https://h/?token=t&a=b", "https://h/?token=[redacted:secret]&a=b"],
  ["127.0.0.1:9090", "127.0.0.1:9090"],
  ["some words", "some words"],
])("maskedUrl %s", (url, masked) => {
  expect(maskedUrl(url)).toBe(masked);
});

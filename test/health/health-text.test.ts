/** `healthText`, `changeLine` and `HealthMetrics`: the same checks for people, for logs and for Prometheus. */
import { expect, test } from "bun:test";
import picocolors from "picocolors";
import { changeLine } from "../../src/health/change-line.ts";
import { HealthMetrics } from "../../src/health/health-metrics.ts";
import { healthText } from "../../src/health/health-text.ts";
import type { ServerHealth } from "../../src/health/server-health.ts";

const PLAIN = picocolors.createColors(false);
const FINE: ServerHealth = {
  format: 1,
  server: "files",
  from: "registry",
  transport: "stdio",
  address: "npx files",
  state: "ok",
  needs_authentication: false,
  checked_at: "2026-11-22T05:29:24.963Z",
  duration_ms: 31,
  era: "legacy",
  protocol_version: "2025-11-25",
  server_info: { name: "small", version: "1.2.3" },
  tools: 14,
  latency_ms: 0.4,
  steps: [{ step: "ping", state: "ok", duration_ms: 1.5, troubles: [] }],
};
const {
  era: _era,
  protocol_version: _version,
  server_info: _info,
  tools: _tools,
  latency_ms: _latency,
  ...rest
} = FINE;
const DOWN: ServerHealth = {
  ...rest,
  state: "failed",
  steps: [
    {
      step: "connect",
      state: "failed",
      duration_ms: 2,
      troubles: [{ message: "it refuses the connection", hint: "See that the server runs." }],
    },
  ],
};

test("healthText has a row for each server, and below what is wrong and what to do", () => {
  const servers = [FINE, { ...DOWN, server: "mail", stderr: ["no token"] }, { server: "new" }];
  expect(healthText(servers, PLAIN, 100)).toBe(
    [
      "SERVER  STATE     PROTOCOL           TOOLS  LATENCY  SOFTWARE",
      "files   ok        2025-11-25 legacy     14    400us  small 1.2.3",
      "mail    failed",
      "new     checking",
      "",
      "mail: connect: it refuses the connection",
      "    See that the server runs.",
      "    stderr: no token",
      "",
    ].join("\n"),
  );
});

test("healthText breaks its sentences between words where the terminal is narrow", () => {
  const troubles = [{ message: "the program ended before the handshake, with exit code 3", hint: "Start it by hand." }];
  const steps: ServerHealth["steps"] = [{ step: "handshake", state: "failed", duration_ms: 1, troubles }];
  const text = healthText([{ ...DOWN, server: "a", steps }], PLAIN, 40);
  expect(text).toEndWith(
    "\na: handshake: the program ended\n    before the handshake, with exit code\n    3\n    Start it by hand.\n",
  );
});

test("healthText says where a login is needed, and lets nothing that a server says act on the terminal", () => {
  const text = healthText(
    [
      { ...DOWN, needs_authentication: true, stderr: ["\x1b[2J"] },
      { ...FINE, server_info: { name: "\x1b]0;x\x07" } },
    ],
    PLAIN,
    80,
  );
  expect(text).toContain("login needed");
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});

test("changeLine tells of the first check and of changes, not of figures", () => {
  expect(changeLine(undefined, FINE)).toBe("2026-11-22T05:29:24Z  files  ok");
  expect(changeLine(FINE, { ...FINE, latency_ms: 7, duration_ms: 80 })).toBeUndefined();
  expect(changeLine(FINE, DOWN)).toBe("2026-11-22T05:29:24Z  files  ok -> failed  connect: it refuses the connection");
  expect(changeLine(DOWN, DOWN)).toBeUndefined();
  expect(changeLine(DOWN, FINE)).toBe("2026-11-22T05:29:24Z  files  failed -> ok");
});

test("HealthMetrics goes on with the era of before where a server is down, and leaves out what is not known", () => {
  const metrics = new HealthMetrics();
  expect(metrics.render()).toBe("");
  metrics.add({ ...DOWN, server: 'od"d' });
  metrics.add(FINE);
  expect(metrics.render()).toContain('km_server_up{server="od\\"d",era="unknown"} 0\n');
  expect(metrics.render()).toContain('km_server_tools{server="files",era="legacy"} 14\n');
  metrics.add(DOWN);
  const text = metrics.render();
  expect(text).toContain('km_server_up{server="files",era="legacy"} 0\n');
  expect(text).toContain('km_server_check_duration_seconds{server="files",era="legacy",step="connect"} 0.002\n');
  expect(text).not.toContain("km_server_tools");
  const families = Array.from(text.matchAll(/^# TYPE (\S+) gauge$/gm), ([, name]) => name);
  expect(Array.from(text.matchAll(/^# HELP (\S+) .+$/gm), ([, name]) => name)).toEqual(families);
});

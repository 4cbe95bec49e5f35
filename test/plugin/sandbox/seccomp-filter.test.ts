import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Architecture,
  type CallName,
  callNumber,
  LAST_KNOWN_CALL,
} from "../../../src/plugin/sandbox/linux-call-numbers.ts";
import { ALLOW, filterBytes, KILL_PROCESS, seccompFilter } from "../../../src/plugin/sandbox/seccomp-filter.ts";
import {
  EACCES,
  ENOSYS,
  EPERM,
  type Rule,
  type RuleFacts,
  seccompRules,
} from "../../../src/plugin/sandbox/seccomp-rules.ts";
import { runFilter } from "./bpf.ts";

const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };
const PID = 4711;
const STRICT: RuleFacts = { pid: PID, system: false, everyFile: false, landlock: 7 };

/** "allowed", or the number of the error. */
function verdict(facts: RuleFacts, architecture: Architecture, call: CallName | number, ...args: number[]): unknown {
  const number = typeof call === "number" ? call : callNumber(call, architecture);
  if (number === undefined) return "no such call";
  return words(
    runFilter(seccompFilter(seccompRules(facts), architecture), {
      architecture: AUDIT_ARCH[architecture],
      number,
      args,
    }),
  );
}

function words(result: number): unknown {
  if (result === ALLOW) return "allowed";
  return result === KILL_PROCESS ? "killed" : result & 0xffff;
}

describe.each(["x64", "arm64"] as const)("seccompFilter on %s", (machine) => {
  const strict = (call: CallName | number, ...args: number[]): unknown => verdict(STRICT, machine, call, ...args);

  test("no socket of any family, and pairs only of streams", () => {
    for (const family of [1, 2, 10, 16, 40]) expect(strict("socket", family, 1)).toBe(EACCES);
    expect(strict("connect", 0)).toBe(EACCES);
    expect(strict("bind", 0)).toBe(EACCES);
    expect(strict("socketpair", 1, 1 | 0o2000000 | 0o4000)).toBe("allowed");
    expect(strict("socketpair", 1, 5)).toBe("allowed");
    expect(strict("socketpair", 1, 2)).toBe(EACCES);
    expect(strict("socketpair", 30, 5)).toBe(EACCES);
  });

  test("threads, but neither children nor namespaces", () => {
    expect(strict("clone", 0x3d0f00)).toBe("allowed");
    expect(strict("clone", 0x11)).toBe(EPERM);
    expect(strict("clone", 0x4111)).toBe(EPERM);
    expect(strict("clone3")).toBe(ENOSYS);
    expect(strict("setsid")).toBe(EPERM);
    if (machine === "x64") expect([strict("fork"), strict("vfork")]).toEqual([EPERM, EPERM]);
  });

  test("with system: children, but no namespaces and no children of km's", () => {
    const system = { ...STRICT, system: true };
    expect(verdict(system, machine, "clone", 0x11)).toBe("allowed");
    expect(verdict(system, machine, "clone", 0x10000011)).toBe(EPERM);
    expect(verdict(system, machine, "clone", 0x8011)).toBe(EPERM);
    expect(verdict(system, machine, "clone3")).toBe(ENOSYS);
    expect(verdict(system, machine, "socket", 1)).toBe(EACCES);
    expect(verdict(system, machine, "kill", 1)).toBe("allowed");
  });

  test("signals go only to itself", () => {
    for (const call of ["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"] as const) {
      expect(strict(call, PID, 9)).toBe("allowed");
      for (const other of [1, 0, -1, -PID, PID + 1]) expect(strict(call, other, 9)).toBe(EPERM);
    }
    expect(strict("tkill", 99)).toBe("allowed");
    expect(verdict({ ...STRICT, landlock: 5 }, machine, "tkill", 99)).toBe(EPERM);
    expect(strict("pidfd_send_signal", 3)).toBe(ENOSYS);
    expect(strict("fcntl", 0, 8)).toBe(EPERM);
    expect(strict("fcntl", 0, 3)).toBe("allowed");
    expect(strict("ioctl", 0, 0x5412)).toBe(EPERM);
    expect(strict("ioctl", 0, 0x8901)).toBe(EPERM);
    expect(strict("ioctl", 0, 0x5401)).toBe("allowed");
  });

  test("it cannot undo that it ends with its parent", () => {
    expect(strict("prctl", 1, 0)).toBe(EPERM);
    expect(strict("prctl", 15)).toBe("allowed");
  });

  test("limits of its own, not of others", () => {
    expect(strict("prlimit64", 0)).toBe("allowed");
    expect(strict("prlimit64", PID)).toBe("allowed");
    expect(strict("prlimit64", 1)).toBe(EPERM);
  });

  test("a file's mode, owner and times only with every file permitted", () => {
    for (const call of ["fchmodat", "fchownat", "setxattr", "utimensat", "inotify_add_watch"] as const) {
      expect(strict(call)).toBe(EPERM);
      expect(verdict({ ...STRICT, everyFile: true }, machine, call)).toBe("allowed");
    }
  });

  test("truncation is refused where Landlock does not govern it", () => {
    const old = { ...STRICT, landlock: 2 };
    expect(verdict(old, machine, "truncate")).toBe(EACCES);
    expect(verdict(old, machine, "openat", 0, 0, 0o1000)).toBe(EACCES);
    expect(verdict(old, machine, "openat", 0, 0, 0o1102)).toBe("allowed");
    expect(verdict(old, machine, "openat", 0, 0, 0)).toBe("allowed");
    expect(verdict(old, machine, "openat2")).toBe(ENOSYS);
    expect(strict("truncate")).toBe("allowed");
    expect(strict("openat", 0, 0, 0o1000)).toBe("allowed");
  });

  test("what this version does not know is no call at all", () => {
    expect(strict(LAST_KNOWN_CALL + 1)).toBe(ENOSYS);
    expect(strict(0x4000_0000)).toBe(ENOSYS);
    expect(strict(0xffff_ffff)).toBe(ENOSYS);
  });

  test("a call of another architecture ends the process", () => {
    const filter = seccompFilter(seccompRules(STRICT), machine);
    for (const architecture of [0x40000003, AUDIT_ARCH[machine === "x64" ? "arm64" : "x64"]]) {
      expect(words(runFilter(filter, { architecture, number: 0, args: [] }))).toBe("killed");
    }
  });

  test("every call ends in a verdict that its rules alone decide, whatever stands around them", () => {
    const rules = seccompRules(STRICT);
    const named = new Map<number, Rule[]>();
    for (const rule of rules) {
      for (const call of rule.calls) {
        const number = callNumber(call, machine);
        if (number !== undefined) named.set(number, [...(named.get(number) ?? []), rule]);
      }
    }
    const filter = seccompFilter(rules, machine);
    const args = fc.array(fc.oneof(fc.integer(), fc.constantFrom(0, 1, 5, 8, PID, 0x10000)), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: LAST_KNOWN_CALL }), args, (number, args) => {
        const refusing = named.get(number)?.find((rule) => !holds(rule, args));
        const call = { architecture: AUDIT_ARCH[machine], number, args };
        expect(words(runFilter(filter, call))).toBe(refusing?.errno ?? "allowed");
      }),
      { numRuns: 2000 },
    );
  });
});

function holds({ unless }: Rule, args: number[]): boolean {
  if (unless === undefined) return false;
  return unless.every(({ argument, mask = 0xffff_ffff, is, values }) => {
    const value = ((args[argument] ?? 0) & mask) >>> 0;
    return values.includes(value) === (is === "one of");
  });
}

test("filterBytes lays instructions out as struct sock_filter", () => {
  expect([...filterBytes([{ code: 0x15, jt: 1, jf: 2, k: 0xc000003e }])]).toEqual([0x15, 0, 1, 2, 0x3e, 0, 0, 0xc0]);
});

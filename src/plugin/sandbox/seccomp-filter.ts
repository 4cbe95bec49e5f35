/**
 * Turns rules about system calls into a seccomp filter: a program for the kernel's classic BPF machine, which sees the
 * number and the arguments of each call and returns what becomes of it.
 */
import { type Architecture, callNumber, LAST_KNOWN_CALL } from "./linux-call-numbers.ts";
import { type Condition, ENOSYS, type Rule } from "./seccomp-rules.ts";

/** `struct sock_filter`: where the condition holds it goes on `jt` instructions further, otherwise `jf`. */
export interface Instruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const JUMP_ALWAYS = 0x05;
const RETURN = 0x06;

export const ALLOW = 0x7fff_0000;
export const KILL_PROCESS = 0x8000_0000;
const ERROR = 0x0005_0000;

/** Offsets in `struct seccomp_data`; both architectures are little-endian, so that the low half comes first. */
const CALL_NUMBER = 0;
const CALL_ARCHITECTURE = 4;
const ARGUMENTS = 16;

const AUDIT_ARCH: Record<Architecture, number> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };

/**
 * Every call of another architecture, as 32-bit programs make, ends the process. What no rule refuses is allowed, unless
 * it is newer than what the rules were written for; x32 calls, whose numbers begin at 2^30, are as unknown as those.
 */
export function seccompFilter(rules: Rule[], architecture: Architecture): Instruction[] {
  return [
    load(CALL_ARCHITECTURE),
    jump(JUMP_IF_EQUAL, AUDIT_ARCH[architecture], 1, 0),
    give(KILL_PROCESS),
    load(CALL_NUMBER),
    jump(JUMP_IF_GREATER, LAST_KNOWN_CALL, 0, 1),
    refuse(ENOSYS),
    ...rules.flatMap((rule) =>
      rule.calls
        .map((call) => callNumber(call, architecture))
        .filter((number) => number !== undefined)
        .flatMap((number) => ruleFor(number, rule)),
    ),
    give(ALLOW),
  ];
}

/** The number of the call is loaded before it and behind it. */
function ruleFor(number: number, { errno, unless = [] }: Rule): Instruction[] {
  if (unless.length === 0) return [jump(JUMP_IF_EQUAL, number, 0, 1), refuse(errno)];
  const block = [skip(1), refuse(errno), load(CALL_NUMBER)];
  // From the last to the first, since each must know how far it is to the refusal.
  for (const condition of unless.toReversed()) block.unshift(...check(condition, block.length - 2));
  return [jump(JUMP_IF_EQUAL, number, 0, block.length), ...block];
}

/** Goes on behind itself when the condition holds, otherwise `distance` instructions further. */
function check({ argument, mask, is, values }: Condition, distance: number): Instruction[] {
  const read = [load(ARGUMENTS + 8 * argument), ...(mask === undefined ? [] : [and(mask)])];
  const compare = values.map((value, index) => {
    const left = values.length - 1 - index;
    if (is === "none of") return jump(JUMP_IF_EQUAL, value, left + distance, 0);
    return jump(JUMP_IF_EQUAL, value, left, left === 0 ? distance : 0);
  });
  return [...read, ...compare];
}

function load(offset: number): Instruction {
  return { code: LOAD_WORD, jt: 0, jf: 0, k: offset };
}

function and(mask: number): Instruction {
  return { code: AND, jt: 0, jf: 0, k: mask };
}

function jump(code: number, k: number, jt: number, jf: number): Instruction {
  return { code, jt, jf, k };
}

function skip(instructions: number): Instruction {
  return { code: JUMP_ALWAYS, jt: 0, jf: 0, k: instructions };
}

function refuse(errno: number): Instruction {
  return give(ERROR | errno);
}

function give(verdict: number): Instruction {
  return { code: RETURN, jt: 0, jf: 0, k: verdict };
}

/** `struct sock_filter[]`, 8 bytes each. */
export function filterBytes(filter: Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(8 * filter.length));
  const view = new DataView(bytes.buffer);
  for (const [index, { code, jt, jf, k }] of filter.entries()) {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, jt);
    view.setUint8(8 * index + 3, jf);
    view.setUint32(8 * index + 4, k, true);
  }
  return bytes;
}

/** A machine for classic BPF, as the kernel's, for the instructions that seccomp filters of km consist of. */
import type { Instruction } from "../../../src/plugin/sandbox/seccomp-filter.ts";

export interface SystemCall {
  architecture: number;
  number: number;
  args: number[];
}

/** @returns the verdict; throws where the kernel would refuse the filter */
export function runFilter(filter: Instruction[], call: SystemCall): number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  for (const [index, value] of call.args.entries()) data.setBigInt64(16 + 8 * index, BigInt(value), true);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const instruction = filter[at];
    if (instruction === undefined) throw new Error(`the filter runs off its end at ${at}`);
    const { code, jt, jf, k } = instruction;
    if (jt > 255 || jf > 255) throw new Error(`a jump is too far at ${at}`);
    switch (code) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x15:
        at += accumulator === k ? jt : jf;
        break;
      case 0x25:
        at += accumulator > k ? jt : jf;
        break;
      case 0x05:
        at += k;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`no such instruction: ${code}`);
    }
  }
}

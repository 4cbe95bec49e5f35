/** What the poll pump's thread loads for a session with a gate: the gate, both directions behind it, and its ear. */
import { ptr } from "bun:ffi";
import type { Libc, Output } from "../../process/libc.ts";
import { assembleGate } from "./assemble-gate.ts";
import { GatedFlow } from "./gated-flow.ts";
import { GatedTraffic } from "./gated-traffic.ts";
import type { Gate } from "./gate.ts";
import type { GatedFlows, PumpAssignment } from "../poll-loop.ts";
import { REQUEST, type RESPONSE } from "../pump.ts";
import type { FromGate, ToGate } from "./referral.ts";
import type { Ring, RingWriter } from "../ring.ts";
import { WarmUp } from "./warm-up.ts";

export async function gatedFlows(
  assignment: NonNullable<PumpAssignment["gate"]>,
  tell: (message: FromGate) => void,
): Promise<GatedFlows> {
  const { policy } = assignment;
  const warmUp = policy && new WarmUp(await assembleGate({ policy }), policy.compiled);
  return new Flows(await assembleGate(assignment), tell, warmUp);
}

const READ_BYTES = 1 << 16;
const LINE_FEED = 10;

class Flows implements GatedFlows {
  readonly #traffic: GatedTraffic;
  readonly #flows: GatedFlow[] = [];
  #warmUp: WarmUp | undefined;
  readonly #heard = Buffer.from(new ArrayBuffer(READ_BYTES));
  readonly #heardAt = ptr(this.#heard);
  /** The beginning of a message of the main thread's: each is a line of JSON. */
  #begun: Buffer[] = [];

  constructor(gate: Gate, tell: (message: FromGate) => void, warmUp: WarmUp | undefined) {
    this.#traffic = new GatedTraffic(gate, tell);
    this.#warmUp = warmUp;
  }

  get canAdvance(): boolean {
    for (const flow of this.#flows) if (flow.canAdvance) return true;
    return false;
  }

  get isCold(): boolean {
    return this.#warmUp !== undefined;
  }

  warmUp(): void {
    this.#warmUp?.goOn();
    if (this.#warmUp?.isOver) this.#warmUp = undefined;
  }

  get isBusy(): boolean {
    return this.#flows.some((flow) => flow.isBusy);
  }

  flow(
    libc: Libc,
    ring: Ring,
    writer: RingWriter,
    channel: typeof REQUEST | typeof RESPONSE,
    source: number,
    output: Output,
  ): GatedFlow {
    const passage = channel === REQUEST ? this.#traffic.request : this.#traffic.response;
    const flow = new GatedFlow(libc, ring, writer, passage, source, output);
    this.#flows.push(flow);
    return flow;
  }

  hear(libc: Libc, wake: number): void {
    const length = libc.read(wake, this.#heardAt, READ_BYTES);
    let from = 0;
    for (let end = this.#heard.indexOf(LINE_FEED); end >= 0 && end < length;) {
      const line = Buffer.concat([...this.#begun, this.#heard.subarray(from, end)]);
      this.#begun = [];
      if (line.length > 0) this.#traffic.tell(JSON.parse(line.toString()) as ToGate); // an empty one only wakes
      from = end + 1;
      end = this.#heard.indexOf(LINE_FEED, from);
    }
    if (from < length) this.#begun.push(Buffer.from(this.#heard.subarray(from, length)));
  }

  abandon(): void {
    for (const flow of this.#flows) flow.discard();
  }
}

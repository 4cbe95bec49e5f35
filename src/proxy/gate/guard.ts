/** `Guard`: the gate of a session and its referee, as they are handed to the pump. Loaded for sessions that have one. */
import type { Libc } from "../../process/libc.ts";
import { assembleGate } from "./assemble-gate.ts";
import type { Backlog } from "../backlog.ts";
import type { GateAssignment, Referee } from "./gate.ts";
import { GatedStreams } from "./gated-streams.ts";
import { PipeWriter } from "./pipe-writer.ts";
import { Referral } from "./referral.ts";

export class Guard {
  readonly assignment: GateAssignment;
  readonly #referee: Referee;

  constructor(assignment: GateAssignment, referee: Referee) {
    this.assignment = assignment;
    this.#referee = referee;
  }

  /** For a gate on another thread, which is woken by a pipe. @param fd its write end */
  throughPipe(libc: Libc, fd: number): { referral: Referral; wake: () => void } {
    const { send, wake } = new PipeWriter(libc, fd);
    return { referral: new Referral(this.#referee, send), wake };
  }

  /** For a gate on this thread, between streams. */
  async betweenStreams(backlog: Backlog, toServer: Bun.FileSink, toClient: Bun.FileSink): Promise<GatedStreams> {
    return new GatedStreams(await assembleGate(this.assignment), this.#referee, backlog, toServer, toClient);
  }
}

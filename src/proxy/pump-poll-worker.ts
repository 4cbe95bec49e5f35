/** The Worker of the poll pump: a thread that forwards bytes and does nothing else, unless messages have to be decided about. */
import { openLibc } from "../process/libc.ts";
import { type GatedFlows, type PumpAssignment, PollLoop, type PumpSignal } from "./poll-loop.ts";

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<PumpAssignment>) => {
  const tell = (signal: PumpSignal) => self.postMessage(signal);
  const run = (gated?: GatedFlows): void => {
    new PollLoop(openLibc(), data, tell, gated).run();
    tell("stopped");
  };
  if (data.gate === undefined) return run();
  const { gate } = data;
  void import("./gate/gated-flows.ts").then(({ gatedFlows }) => gatedFlows(gate, tell)).then(run);
};

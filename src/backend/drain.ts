/** The end of the service: what is being answered is answered, and nothing new is taken. */
import { pause } from "../process/pause.ts";

/** What `Bun.serve` gives, as far as it is needed here. */
interface Stoppable {
  stop(closeActiveConnections?: boolean): Promise<void>;
}

/** True when every request had its answer in time. */
export async function drain(server: Stoppable, patienceMs: number, leadMs: number): Promise<boolean> {
  await pause(leadMs);
  // Ends idle connections at once, and the others after their answer.
  const stopped = server.stop(false).then(() => true);
  const given = Promise.withResolvers<false>();
  const timer = setTimeout(() => given.resolve(false), patienceMs);
  const inTime = await Promise.race([stopped, given.promise]);
  clearTimeout(timer);
  await server.stop(true);
  return inTime;
}

/** Resolves with the first of the signals that ask for an end. */
export function untilAsked(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const signals: NodeJS.Signals[] = ["SIGTERM", "SIGINT"];
  const heard = (signal: NodeJS.Signals) => {
    // A second one has its usual effect.
    for (const name of signals) process.off(name, heard);
    resolve(signal);
  };
  for (const name of signals) process.on(name, heard);
  return promise;
}

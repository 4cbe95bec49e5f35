/** The tool `kubernetes_wait`: until an object is as wanted. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { tool, type ToolCall } from "../../tool.ts";
import { contextArgument, kindArgument, nameArgument, namespaceArgument, secondsArgument } from "../arguments.ts";
import type { KubernetesBackend } from "../backend.ts";
import { placeOf } from "../find-object.ts";
import { GOAL_WORDS, reached, readGoal } from "./condition.ts";
import { watchObject } from "./watch-object.ts";

const INPUT = v.strictObject({
  kind: kindArgument,
  name: nameArgument,
  namespace: namespaceArgument,
  for: v.pipe(
    v.string(GOAL_WORDS),
    v.maxLength(1000, GOAL_WORDS),
    v.check((text) => readGoal(text) !== undefined, GOAL_WORDS),
    v.description(GOAL_WORDS),
  ),
  timeout_seconds: secondsArgument("How long", 30),
  context: contextArgument,
});

export const wait = tool({
  name: "wait",
  title: "Wait",
  description:
    "Wait until an object is ready, there, gone, or has a condition or value. Says how it is when the time is over.",
  access: "read",
  toolset: "rollout",
  input: INPUT,
  output: v.object({ met: v.boolean(), state: v.string() }),
  async run(input: v.InferOutput<typeof INPUT>, { backend, signal, progress }: ToolCall<KubernetesBackend>) {
    const goal = readGoal(input.for);
    if (goal === undefined) throw new KmError("SVC_001", `Argument for: allowed is ${GOAL_WORDS}`);
    const place = await placeOf(backend, input, "read", signal);
    const late = AbortSignal.timeout(input.timeout_seconds * 1000);
    let [state, steps] = ["nothing is known of it", 0];
    try {
      for await (const object of watchObject(place, AbortSignal.any([signal, late]))) {
        const now = reached(goal, object);
        state = now.state;
        if (now.isMet) return { data: { met: true, state }, text: `${place.shown}: ${input.for}: ${state}` };
        progress(steps++, undefined, state);
      }
    } catch (error) {
      if (!late.aborted) throw error;
    }
    if (signal.aborted && !late.aborted) {
      throw new KmError("SVC_003", `${place.shown} has not become ${input.for} while the call could wait: ${state}`, {
        hint: "Give a shorter timeout_seconds, or more time to calls: limits.timeout.",
      });
    }
    return {
      data: { met: false, state },
      text: `${place.shown} has not become ${input.for} within ${input.timeout_seconds} s: ${state}`,
    };
  },
});

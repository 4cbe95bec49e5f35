/** `Question`: what is asked of the person at the client, by a form of theirs, before there is an answer. */
import type * as v from "valibot";

/** @template F of the form */
export interface Question<F extends v.GenericSchema> {
  /** Of several in one call, each has another. */
  name: string;
  /** What is to be decided, one sentence. */
  message: string;
  /** `v.object` of texts, numbers, booleans and choices. A secret is never asked for so. */
  form: F;
}

export type Reply<T> =
  | { state: "answered"; values: T }
  /** They want not to say. */
  | { state: "declined" }
  /** The client has no forms. */
  | { state: "unable" };

/**
 * What asks ends here, and is begun anew when there is a reply: what it does before must bear that.
 *
 * @throws what the host alone catches
 */
export type Ask = <F extends v.GenericSchema>(question: Question<F>) => Promise<Reply<v.InferOutput<F>>>;

/** Where there is nobody to be asked. */
export const UNABLE: Ask = async () => await Promise.resolve({ state: "unable" });

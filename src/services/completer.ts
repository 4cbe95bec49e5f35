/** `Completer`: what an argument of a prompt, or a variable of a resource's address, may be; the host takes those that fit what was typed. */

/** @param typed what there is of it */
export type Completer<B> = (typed: string, call: CompletionCall<B>) => Promise<readonly string[]> | readonly string[];

/** By the names of arguments. */
export type Completers<I, B> = { readonly [K in keyof I]?: Completer<B> };

export interface CompletionCall<B> {
  backend: B;
  /** What was chosen for the other arguments. */
  given: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** @returns undefined for what has none */
export type CompleterOf<B> = (argument: string) => Completer<B> | undefined;

export function completerOf<B>(all: Completers<Record<string, unknown>, B> = {}): CompleterOf<B> {
  const completers = new Map<string, Completer<B> | undefined>(Object.entries(all));
  return (argument) => completers.get(argument);
}

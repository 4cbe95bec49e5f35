/** `Asker`: whoever can be asked something, line by line. */

export interface Asker {
  /** Undefined where nobody answers: at the end of input, or after Ctrl-C. */
  ask(question: string, options?: AskOptions): Promise<string | undefined>;
  tell(text: string): void;
}

export interface AskOptions {
  /** What may be typed, for who completes it. */
  choices?: readonly string[];
  signal?: AbortSignal | undefined;
}

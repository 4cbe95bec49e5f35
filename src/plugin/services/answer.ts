/** What a service answers to a request of a plugin: the two ways a JSON-RPC response can go. */

export type Answer<T> = { result: T } | Refusal;

export interface Refusal {
  error: {
    /** One of the codes of protocol.ts. */
    code: number;
    /** For the author of the plugin. */
    message: string;
  };
}

export function refusal(code: number, message: string): Refusal {
  return { error: { code, message } };
}

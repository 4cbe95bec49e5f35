/** `DpopNonces`: what a server wants to see in the next proof, as its answers say (RFC 9449, sections 8 and 9). */

import { withoutQuery } from "./dpop.ts";

const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,4096}$/;
/** A server that sends elsewhere and elsewhere again costs no more than that. */
const MOST_ADDRESSES = 100;

export class DpopNonces {
  /** By address: a token endpoint and the server itself may be at one origin, and give other ones. */
  readonly #nonces = new Map<string, string>();

  of(url: string): string | undefined {
    return this.#nonces.get(withoutQuery(url));
  }

  hear(url: string, headers: Headers): void {
    const nonce = headers.get("dpop-nonce");
    if (nonce === null || !NONCE.test(nonce)) return;
    this.#nonces.set(withoutQuery(url), nonce);
    const [oldest] = this.#nonces.keys();
    if (this.#nonces.size > MOST_ADDRESSES && oldest !== undefined) this.#nonces.delete(oldest);
  }
}

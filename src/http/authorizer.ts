/** Who proves to a server on behalf of which user km speaks. */

/** A request, as far as a proof is for it alone. */
export interface Sending {
  method: string;
  url: string;
}

export interface Authorizer {
  /** What goes with this request. Reads and refreshes what is stored; asks nobody. */
  headers(sending: Sending): Promise<Record<string, string>>;
  /** The head of each answer: a server says in any of them what it wants to see in the next proof. */
  heard?(url: string, headers: Headers): void;
  /**
   * The server has refused a request with 401, or with 403 for want of a scope. May take as long as a person needs to log
   * in, once for all requests that are refused meanwhile.
   *
   * @param challenge the values of `WWW-Authenticate`
   * @param sent what `headers` gave for the request: others may have got newer ones by now
   * @returns whether it is worth sending the request again
   * @throws KmError why nobody could be logged in, and what to do
   */
  refused(status: 401 | 403, challenge: string | null, sent: Record<string, string>): Promise<boolean>;
}

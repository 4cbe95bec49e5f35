/** Who proves to a server on behalf of which user km speaks. */

export interface Authorizer {
  /** What goes with each request. Reads and refreshes what is stored; asks nobody. */
  headers(): Promise<Record<string, string>>;
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

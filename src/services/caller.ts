/** `Caller`: on whose behalf a connection calls tools, and which of these it may know of. */

export interface Caller {
  /** As records show it: `key:build`. */
  principal: string;
  /**
   * Both in the list of tools and when one is called.
   *
   * @param tool its full name
   * @param service the name of its service
   */
  mayUse(tool: string, service: string): boolean;
}

/** The one who has started km. */
export const OWNER: Caller = { principal: "owner", mayUse: () => true };

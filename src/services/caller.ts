/** `Caller`: on whose behalf a connection asks, and which tools, prompts and resources it may know of. */

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
  /** @param prompt its full name */
  mayAsk(prompt: string, service: string): boolean;
  /** @param uri an address, or a template for all addresses that it stands for */
  mayRead(uri: string, service: string): boolean;
}

/** The one who has started km. */
export const OWNER: Caller = {
  principal: "owner",
  mayUse: () => true,
  mayAsk: () => true,
  mayRead: () => true,
};

/** A connection to an MCP server, whatever is between: a child process's pipes, or HTTP. One JSON-RPC message a line. */

export interface ServerLink {
  /**
   * Never throws: of a server that is gone no answer comes.
   *
   * @param line one message, or one batch, without its line feed; it goes on as it is, byte for byte
   * @returns a promise where the sender shall wait before it sends more
   */
  send(line: string): void | Promise<void>;
  /** What the server sends, each without its line feed. Ends when nothing more can come. */
  lines: AsyncIterable<string>;
}

/** `readServers`: the servers that stand in the text of a client's configuration file. */
import { locateServers } from "./locate-servers.ts";
import type { ServerEntry, Shape } from "./shape.ts";

const BYTE_ORDER_MARK = "\u{feff}";

/**
 * In the order of the file. Entries that are a part of the client itself, such as Goose's built-in extensions, are not
 * among them.
 *
 * @param file named in the message
 * @throws KmError CLT_002 with line and column where the text cannot be parsed
 */
export function readServers(text: string, shape: Shape, file = "the configuration"): ServerEntry[] {
  return locateServers(withoutMark(text).rest, shape, file).servers.map(({ entry }) => entry);
}

/** Parsers stumble over a byte order mark. */
export function withoutMark(text: string): { mark: string; rest: string } {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  return { mark, rest: text.slice(mark.length) };
}

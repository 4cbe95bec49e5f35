/** `readSaid`: what a process says on its stderr, line by line; of long lines the beginning. */
import { LineSplitter } from "../wire/lines.ts";

const LONGEST = 16 << 10;

/** Resolves at its end; never throws. */
export async function readSaid(stream: ReadableStream<Uint8Array>, say: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const splitter = new LineSplitter(LONGEST, (bytes, _size, omitted) => {
    const cut = bytes.subarray(0, LONGEST);
    const text = decoder.decode(cut).trimEnd();
    const missing = omitted + bytes.length - cut.length;
    if (text !== "") say(missing > 0 ? `${text} (and ${missing} bytes)` : text);
  });
  try {
    for await (const chunk of stream) splitter.push(chunk);
  } catch {
    // It cannot be read any more.
  }
  splitter.end();
}

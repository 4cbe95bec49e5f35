/** Takes the first line off a stream of bytes; what follows stays to be read. */

const LINE_FEED = 10;

export async function takeLine(
  stream: ReadableStream<Uint8Array>,
): Promise<{ line: string | undefined; rest: AsyncIterable<Uint8Array> }> {
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return { line: undefined, rest: remaining(reader, undefined) };
    const end = value.indexOf(LINE_FEED);
    if (end < 0) {
      parts.push(value);
      continue;
    }
    const line = Buffer.concat([...parts, value.subarray(0, end)]).toString();
    return { line, rest: remaining(reader, value.subarray(end + 1)) };
  }
}

type Reader = { read(): Promise<{ value?: Uint8Array | undefined }> };

async function* remaining(reader: Reader, first: Uint8Array | undefined): AsyncGenerator<Uint8Array> {
  if (first === undefined) return;
  if (first.length > 0) yield first;
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return;
    yield value;
  }
}

/**
 * `remoteWrite`: samples, native histograms and exemplars as Prometheus takes them from others (remote write 1.0): a message of
 * Protocol Buffers in a frame of Snappy. The frame compresses nothing, which its format allows.
 */
export interface WrittenSeries {
  labels: Record<string, string>;
  /** Milliseconds since 1970. */
  samples?: { value: number; at: number }[];
  exemplars?: { labels: Record<string, string>; value: number; at: number }[];
  histograms?: NativeHistogram[];
}

/** One span of positive buckets that follow each other. */
export interface NativeHistogram {
  at: number;
  count: number;
  sum: number;
  schema: number;
  /** Index of the first bucket, and how many are in each. */
  offset: number;
  buckets: number[];
}

export async function remoteWrite(url: string, series: readonly WrittenSeries[]): Promise<void> {
  const request = Buffer.concat(series.map((one) => bytes(1, timeSeries(one))));
  const response = await fetch(`${url}/api/v1/write`, {
    method: "POST",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    },
    body: uncompressed(request),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

function timeSeries({ labels, samples = [], exemplars = [], histograms = [] }: WrittenSeries): Buffer {
  return Buffer.concat([
    ...labelParts(labels),
    ...samples.map(({ value, at }) => bytes(2, Buffer.concat([double(1, value), whole(2, at)]))),
    ...exemplars.map((one) =>
      bytes(3, Buffer.concat([...labelParts(one.labels), double(2, one.value), whole(3, one.at)])),
    ),
    ...histograms.map((one) => bytes(4, histogram(one))),
  ]);
}

/** In the order of their names. */
function labelParts(labels: Record<string, string>): Buffer[] {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => bytes(1, Buffer.concat([bytes(1, Buffer.from(name)), bytes(2, Buffer.from(value))])));
}

function histogram({ at, count, sum, schema, offset, buckets }: NativeHistogram): Buffer {
  const span = Buffer.concat([whole(1, zigzag(offset)), whole(2, buckets.length)]);
  const deltas = buckets.map((each, index) => zigzag(each - (buckets[index - 1] ?? 0)));
  return Buffer.concat([
    whole(1, count),
    double(3, sum),
    whole(4, zigzag(schema)),
    double(5, 1e-128),
    whole(6, 0),
    bytes(11, span),
    bytes(12, Buffer.concat(deltas.map(varint))),
    whole(15, at),
  ]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function whole(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function double(field: number, value: number): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), eight]);
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

/** Of what is not negative. */
function varint(value: number): Buffer {
  const parts: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) parts.push((left % 128) + 128);
  parts.push(left);
  return Buffer.from(parts);
}

/** Snappy's block format: the length, then literals of at most 64 KB. */
function uncompressed(data: Buffer): Buffer<ArrayBuffer> {
  const parts = [varint(data.length)];
  for (let at = 0; at < data.length; at += 65_536) {
    const part = data.subarray(at, at + 65_536);
    const head = Buffer.alloc(3);
    head.writeUInt8(61 << 2);
    head.writeUInt16LE(part.length - 1, 1);
    parts.push(head, part);
  }
  return Buffer.concat(parts);
}

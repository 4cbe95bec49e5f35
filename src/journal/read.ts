/** The events of a recorded session in order, with memory bounded by the longest line. */
import type { StreamEvent } from "../stream/event.ts";
import {
  type Decoder,
  type PayloadChoice,
  RawDecoder,
  type RawLine,
  type ReadCounts,
  SegmentDecoder,
} from "./decode.ts";
import { readSessionInfo } from "./info.ts";
import { listSegments, segmentChunks, segmentOf } from "./segments.ts";

export interface ReadOptions {
  /** The first `seq` wanted; segments that end before it are not read. */
  from?: number;
  /** Which events get their `message`: all of them unless told. Reading without is several times faster. */
  payload?: PayloadChoice;
  /** Receives what was met on the way. */
  counts?: ReadCounts;
}

/**
 * Lines cut short by a crash or a full disk are skipped and counted; a segment that retention deletes meanwhile is too.
 *
 * @param folder of the session
 * @throws KmError JRN_003 where the journal has a newer format or cannot be read
 */
export async function* readEvents(folder: string, options: ReadOptions = {}): AsyncGenerator<StreamEvent> {
  const { from = 1, payload = true, counts = { events: 0, torn: 0, vanished: 0 } } = options;
  for await (const events of read(folder, from, counts, new SegmentDecoder(counts, payload))) yield* events;
}

/** The same as lines, undecoded, many at once. */
export async function* readLines(folder: string, from: number): AsyncGenerator<RawLine[]> {
  const counts: ReadCounts = { events: 0, torn: 0, vanished: 0 };
  yield* read(folder, from, counts, new RawDecoder(counts));
}

async function* read<T extends { seq: number }>(
  folder: string,
  from: number,
  counts: ReadCounts,
  decoder: Decoder<T>,
): AsyncGenerator<T[]> {
  await readSessionInfo(folder); // refuses newer formats
  const indexes = await listSegments(folder);
  const first = from <= 1 ? indexes[0] : await segmentOf(folder, indexes, from);
  for (const index of indexes) {
    if (first === undefined || index < first) continue;
    for await (const chunk of segmentChunks(folder, index, counts)) {
      const portion = decoder.decode(chunk).filter((one) => one.seq >= from);
      if (portion.length > 0) yield portion;
    }
    decoder.end();
  }
}

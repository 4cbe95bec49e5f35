/** `readEvents`: the events of a recorded session in order, with memory bounded by the longest line. */
import type { StreamEvent } from "../stream/event.ts";
import { type PayloadChoice, type ReadCounts, SegmentDecoder } from "./decode.ts";
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
  await readSessionInfo(folder); // refuses newer formats
  const indexes = await listSegments(folder);
  const first = from <= 1 ? indexes[0] : await segmentOf(folder, indexes, from);
  for (const index of indexes) {
    if (first === undefined || index < first) continue;
    const decoder = new SegmentDecoder(counts, payload);
    for await (const chunk of segmentChunks(folder, index, counts)) {
      for (const event of decoder.decode(chunk)) {
        if (event.seq >= from) yield event;
      }
    }
    decoder.end();
  }
}

/** `answerRequests`: carries out one statement after the other for another km, which ends this process when one takes too long. */
import * as v from "valibot";
import { LineSplitter } from "../../../wire/lines.ts";
import { MOST_LINE_BYTES, type Reply } from "../../processes/messages.ts";
import { answerRequest } from "./answer-request.ts";
import { MOST_ANSWER_BYTES, SQLITE_REQUEST, type SqliteAnswer } from "./request.ts";

const ASKED = v.object({ id: v.number(), work: SQLITE_REQUEST });

/** @returns when there are no more lines */
export async function answerRequests(lines: AsyncIterable<Uint8Array>, send: (line: string) => void): Promise<void> {
  const splitter = new LineSplitter(MOST_LINE_BYTES, (bytes) => {
    const { id, work } = v.parse(ASKED, JSON.parse(Buffer.from(bytes).toString()));
    const line = lineOf(id, answerRequest(work));
    send(Buffer.byteLength(line) <= MOST_ANSWER_BYTES ? line : lineOf(id, TOO_LARGE));
  });
  for await (const part of lines) splitter.push(part);
}

function lineOf(id: number, answer: SqliteAnswer): string {
  const reply: Reply = { kind: "answer", id, answer };
  return JSON.stringify(reply);
}

const TOO_LARGE: SqliteAnswer = {
  error: { code: "SQLITE_TOOBIG", message: `the answer has more than ${MOST_ANSWER_BYTES >> 20} MB` },
};

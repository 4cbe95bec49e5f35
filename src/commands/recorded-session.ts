/** `recordedSession`: the session that a word means: one of km's own, or a copy of its folder, as a project may keep it. */
import { existsSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { paths } from "../context.ts";
import { KmError } from "../errors.ts";
import { sessionFile } from "../journal/layout.ts";
import { selectSession } from "../journal/select.ts";
import { openSession, type Session } from "../journal/sessions.ts";

/** What stands for a session in the help of commands. */
export const SESSION_WORDS =
  "An id, the start or end of one, a server's name for its latest session, last, or a folder such as ./recorded";

/** @throws KmError JRN_001 where none is meant, or more than one */
export async function recordedSession(word: string): Promise<Session> {
  if (!isAbsolute(word) && !word.startsWith(".")) return await selectSession(paths().data, word);
  const folder = resolve(word);
  if (existsSync(sessionFile(folder))) return await openSession(folder);
  throw new KmError("JRN_001", `Cannot find a session in ${word}: there is no session.json`, {
    hint: "Copy the folder of a session there: it lies in sessions/ of the data folder (km config path).",
  });
}

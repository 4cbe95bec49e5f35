/** `askKm`: runs a command of km to its end, and says what came of it. */
import { type Home, KM } from "./km.ts";

export interface KmAnswer {
  exitCode: number;
  out: string;
  err: string;
}

/** @param input for its stdin; there is none unless given */
export async function askKm(
  home: Home,
  words: string[],
  input?: string,
  env: Record<string, string> = {},
): Promise<KmAnswer> {
  await using km = Bun.spawn([KM, ...words], {
    env: { ...home.env, NO_COLOR: "1", ...env },
    stdin: input === undefined ? "ignore" : Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([km.stdout.text(), km.stderr.text()]);
  return { exitCode: await km.exited, out, err };
}

/** Two services at one address: each would get some of the requests, and answer them from its own database. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { KM, makeHome } from "./km.ts";
import { startApi } from "./run-api.ts";

test.each([
  ["--listen", (taken: string) => ["--listen", taken]],
  ["--metrics-listen", (taken: string) => ["--listen", "127.0.0.1:0", "--metrics-listen", taken]],
])(
  "km api serve refuses a %s that another service has",
  async (_, flags) => {
    using home = makeHome();
    await using first = await startApi({ home });
    const words = ["api", "serve", ...flags(new URL(first.url).host), "--data", join(home.folder, "second")];
    await using second = Bun.spawn([KM, ...words], {
      env: home.env,
      stdout: "ignore",
      stderr: "pipe",
      timeout: 20_000,
    });
    // Should it start all the same, that is what it says first.
    const said = await firstMatch(second.stderr, /"message":"listening"|^km: Cannot listen.*$/m);
    expect(said).toStartWith("km: Cannot listen");
    expect(await second.exited).toBe(1);
  },
  30_000,
);

async function firstMatch(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string | undefined> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `extractRelease`: the new km out of its archive, and the texts that belong to it. Nothing else is ever written. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { KmError, messageOf } from "../errors.ts";
import { archiveFolder, executableName, PLATFORMS, type Target } from "../platforms.ts";

export interface Extraction {
  archive: string;
  version: string;
  target: Target;
  /** Where the executable goes; made or replaced. */
  file: string;
  signal: AbortSignal;
  /** Of everything unpacked. */
  mostBytes?: number;
}

interface Member {
  name: string;
  isFile: boolean;
  body: AsyncIterable<Uint8Array>;
}

const MOST_BYTES = 512 * 1024 * 1024;
const MOST_TEXT_BYTES = 4 * 1024 * 1024;
const TEXT = /^(completions|man)\/[\w.-]+$/;

/**
 * Members are known by their whole name, so one that leads out of its folder is just another that nobody wants.
 *
 * @returns completions and man page by their path in the archive's folder, such as `man/km.1`
 * @throws KmError UPD_002 for an archive without just one regular file of the expected name, UPD_003 where it cannot be
 * written; the reason of `signal` when it is aborted
 */
export async function extractRelease(extraction: Extraction): Promise<Map<string, Uint8Array>> {
  const { version, target, file, signal } = extraction;
  const folder = `${archiveFolder(version, target)}/`;
  const executable = folder + executableName("km", target);
  const texts = new Map<string, Uint8Array>();
  const output = await open(file, "w", 0o700).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  let found = 0;
  try {
    for await (const { name, isFile, body } of membersOf(extraction)) {
      signal.throwIfAborted();
      const text = name.startsWith(folder) ? name.slice(folder.length) : "";
      if (name === executable) {
        if (!isFile) throw unusable(`${name} is not a regular file`);
        if (++found > 1) throw unusable(`${name} is in it twice`);
        await write(output, file, body, signal);
      } else if (isFile && TEXT.test(text)) texts.set(text, await textOf(body, name));
      else for await (const _ of body); // to get on to the next
    }
    if (found === 0) throw unusable(`${executable} is not in it`);
    await output.sync();
    return texts;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof KmError ? error : unusable(messageOf(error), error);
  } finally {
    await output.close();
  }
}

async function* membersOf({ archive, target, mostBytes = MOST_BYTES }: Extraction): AsyncGenerator<Member> {
  const tooLarge = () => unusable(`it unpacks to more than ${mostBytes} bytes`);
  if (PLATFORMS[target].os === "windows") {
    const { unzipSync } = await import("fflate");
    let total = 0;
    const filter = ({ originalSize }: { originalSize: number }) => {
      if ((total += originalSize) > mostBytes) throw tooLarge();
      return true;
    };
    for (const [name, bytes] of Object.entries(unzipSync(await readFile(archive), { filter }))) {
      yield { name, isFile: !name.endsWith("/"), body: chunksOf(bytes) };
    }
    return;
  }
  const { createTarDecoder } = await import("modern-tar");
  let total = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      if ((total += chunk.length) > mostBytes) throw tooLarge();
      controller.enqueue(chunk);
    },
  });
  const unpacked = Bun.file(archive).stream().pipeThrough(new DecompressionStream("gzip")).pipeThrough(limit);
  for await (const { header, body } of unpacked.pipeThrough(createTarDecoder({ strict: true }))) {
    if (header.size > mostBytes) throw tooLarge();
    yield { name: header.name, isFile: header.type === "file", body };
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function write(
  output: FileHandle,
  file: string,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of body) {
    signal.throwIfAborted();
    try {
      await output.writeFile(chunk);
    } catch (error) {
      throw unwritable(file, error);
    }
  }
}

async function textOf(body: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    if ((size += chunk.length) > MOST_TEXT_BYTES) throw unusable(`${name} is too large`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function unusable(why: string, cause?: unknown): KmError {
  return new KmError("UPD_002", `Cannot use the archive of the release: ${why}`, {
    hint: "Nothing was installed.",
    cause,
  });
}

function unwritable(file: string, error: unknown): KmError {
  return new KmError("UPD_003", `Cannot write ${file}: ${messageOf(error)}`, {
    hint: "Nothing was installed.",
    cause: error,
  });
}

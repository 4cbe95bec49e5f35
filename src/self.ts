/** How this program starts itself again, as a process or as a thread. */

/** A compiled binary carries its modules inside, under a path that only it can read. */
const compiled = import.meta.url.includes("/$bunfs/") || import.meta.url.includes("/~BUN/");

/** @param words the arguments of the new process */
export function selfCommand(words: string[]): string[] {
  const [, script = ""] = process.argv;
  return compiled ? [process.execPath, ...words] : [process.execPath, script, ...words];
}

/**
 * The URL of a module for `new Worker`.
 *
 * @param path relative to src/; in the binary all shared code lies at the root, where that is its path too
 */
export function workerUrl(path: string): URL {
  return new URL(path, compiled ? import.meta.url : new URL("./", import.meta.url));
}

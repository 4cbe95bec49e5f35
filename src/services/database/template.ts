/** `prepared`: a statement in the form in which Bun has the server prepare it: by itself, whatever it says, and never several. */

/** Bun takes a list of texts for a template when `raw` is not enumerable. Of `unsafe` without parameters servers take several. */
export function prepared(sql: string): TemplateStringsArray {
  const texts = [sql];
  return Object.defineProperty(texts, "raw", { value: [sql] }) as string[] & { raw: readonly string[] };
}

/** `serverHint`: how a command line must look that runs these words as a server, ready to be pasted. */
export function serverHint(path: string, words: string[]): string {
  return `To run an MCP server through km: ${path} -- ${words.map(shellWord).join(" ")}`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

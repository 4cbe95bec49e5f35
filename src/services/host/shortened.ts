/** `shortened`: a text that stays within so many bytes, and says so where it was longer. */
export function shortened(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= mostBytes) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, mostBytes)).replace(/\ufffd+$/, "");
  return `${kept}\n[cut: ${bytes.length - mostBytes} of ${bytes.length} bytes are not shown]`;
}

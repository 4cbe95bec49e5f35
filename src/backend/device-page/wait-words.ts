/** `waitWords`: how long to wait, in words: nobody counts seconds, so it is rounded up. */

export function waitWords(seconds: number): string {
  if (seconds <= 10) return "a few seconds";
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "a minute" : `${minutes} minutes`;
}

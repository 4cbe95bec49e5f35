/** `chromium`: the browser of this machine. */
export function chromium(): string {
  const found = ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => Bun.which(name))
    .find((path) => path !== null);
  if (found === undefined) throw new Error("Chromium is needed for the servers that drive a browser: none is on PATH");
  return found;
}

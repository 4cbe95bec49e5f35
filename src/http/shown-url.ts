/** `shownUrl`: an address as others may see it, without what may be a secret in it. */

/** By what they have become, the addresses that were written with references in their path. */
const WRITTEN = new Map<string, string>();

export function shownUrl(url: string | URL): string {
  const shown = withoutQuery(url);
  return WRITTEN.get(shown) ?? shown;
}

/** From now on it is shown with its references, since these may stand for secrets. */
export function showAsWritten(url: string, written: string): void {
  const shown = URL.canParse(written) ? withoutQuery(written) : new URL(url).origin;
  if (shown === withoutQuery(url)) return;
  WRITTEN.set(withoutQuery(url), shown.replaceAll("$%7B", "${").replaceAll("%7D", "}")); // as a person wrote it
}

function withoutQuery(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

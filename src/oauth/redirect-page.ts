/** `redirectPage`: what the browser shows at the end of a login. */

export interface Outcome {
  isLoggedIn: boolean;
  title: string;
  text: string;
}

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 20vh auto 0; max-width: 32rem; padding: 0 1.5rem; color: #1f2328; background: #fff }
  h1 { font-size: 1.4rem; margin: 0 0 .5rem }
  p { margin: 0; color: #59636e }
  @media (prefers-color-scheme: dark) { body { color: #f0f6fc; background: #0d1117 } p { color: #9198a1 } }
`;

export function redirectPage({ isLoggedIn, title, text }: Outcome): string {
  return [
    "<!doctype html>",
    `<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>${Bun.escapeHTML(title)}</title><style>${STYLE}</style>`,
    `<h1>${isLoggedIn ? "✓" : "✗"} ${Bun.escapeHTML(title)}</h1>`,
    `<p>${Bun.escapeHTML(text)}</p></html>`,
    "",
  ].join("\n");
}

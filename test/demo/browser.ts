/** A browser without scripts, for a page of forms: it keeps cookies, follows redirects, and sends a form as it stands. */

export interface Page {
  title: string;
  /** The text that a person reads. */
  text: string;
  forms: Form[];
}

export interface Form {
  action: string;
  /** What its hidden fields hold. */
  hidden: Record<string, string>;
}

export class Browser {
  readonly #cookies = new Map<string, string>();

  async open(url: string): Promise<Page> {
    return await this.#request(new URL(url), { method: "GET" });
  }

  async submit(form: Form, filled: Record<string, string>): Promise<Page> {
    const url = new URL(form.action);
    const headers = { "content-type": "application/x-www-form-urlencoded", origin: url.origin };
    const body = new URLSearchParams({ ...form.hidden, ...filled }).toString();
    return await this.#request(url, { method: "POST", headers, body });
  }

  async #request(url: URL, init: { method: string; headers?: Record<string, string>; body?: string }): Promise<Page> {
    const cookie = Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { ...init.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
    const next = response.headers.get("location");
    if (next !== null) return await this.#request(new URL(next, url), { method: "GET" });
    const html = await response.text();
    if (!response.ok) throw new Error(`${url.pathname} answered ${response.status}: ${html.slice(0, 500)}`);
    return readPage(html, url);
  }
}

function readPage(html: string, url: URL): Page {
  const forms: Form[] = [];
  let title = "";
  let text = "";
  new HTMLRewriter()
    .on("title", { text: (part) => void (title += part.text) })
    .on("main *", { element: () => void (text += " "), text: (part) => void (text += part.text) })
    .on("form", {
      element: (form) => void forms.push({ action: new URL(form.getAttribute("action") ?? "", url).href, hidden: {} }),
    })
    .on('form input[type="hidden"]', {
      element(input) {
        const form = forms.at(-1);
        if (form !== undefined) form.hidden[input.getAttribute("name") ?? ""] = input.getAttribute("value") ?? "";
      },
    })
    .transform(html);
  return { title: title.trim(), text: text.replaceAll(/\s+/g, " ").trim(), forms };
}

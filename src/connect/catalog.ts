/** `Catalog`: what a server lists, asked for when it is needed first, and again when the server says that it has changed. */
import type { McpClient } from "../mcp/client.ts";
import type { RequestOptions } from "../mcp/conversation.ts";
import { type Listing, type ListName, named, type NamedItem } from "../mcp/list-all.ts";

export class Catalog {
  readonly #client: McpClient;
  readonly #listings = new Map<ListName, Promise<Listing>>();

  constructor(client: McpClient) {
    this.#client = client;
  }

  async listing(name: ListName, options: RequestOptions = {}): Promise<Listing> {
    const known = this.#listings.get(name);
    if (known !== undefined) return await known;
    const asked = this.#client.list(name, options);
    this.#listings.set(name, asked);
    const listing = await asked;
    if (listing.failure !== undefined && this.#listings.get(name) === asked) this.#listings.delete(name);
    return listing;
  }

  async items(name: ListName, options: RequestOptions = {}): Promise<NamedItem[]> {
    const member = name === "resources" ? "uri" : name === "resourceTemplates" ? "uriTemplate" : "name";
    return named((await this.listing(name, options)).items, member);
  }

  async find(name: ListName, wanted: string, options: RequestOptions = {}): Promise<NamedItem | undefined> {
    return (await this.items(name, options)).find((item) => item.name === wanted);
  }

  /**
   * @param method of a notification
   * @returns what has changed of that which was listed
   */
  forget(method: string): string | undefined {
    const [, what] = /^notifications\/(\w+)\/list_changed$/.exec(method) ?? [];
    if (what === "resources") this.#listings.delete("resourceTemplates");
    const isList = what === "tools" || what === "prompts" || what === "resources";
    return isList && this.#listings.delete(what) ? what : undefined;
  }
}

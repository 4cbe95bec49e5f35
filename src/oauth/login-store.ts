/**
 * `LoginStore`: where the login to one server is kept for all km processes: its text in the store of secrets, and beside that
 * a stamp, a file without secrets that changes with it, so that to see whether there is a newer one costs next to nothing.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KmError, messageOf } from "../errors.ts";
import { type Lock, takeLock } from "../process/system-lock.ts";
import { type Login, parseLogin } from "./login.ts";
import type { OAuthPlaces } from "./places.ts";

/** Longer than a request may take, so that who waits gets the tokens that the other one fetched. */
const MOST_WAIT_MS = 20_000;
/** Of a name in the store. */
const MOST_OF_NAME = 400;

export class LoginStore {
  readonly server: string;
  readonly #places: OAuthPlaces;
  readonly #name: string;
  readonly #file: string;
  #login: Login | undefined;
  #stamp: string | undefined;
  #hasRead = false;
  /** It could not be kept. */
  #isOwn = false;
  #isComplained = false;

  /**
   * @param url of the server
   * @param kind of login: to an MCP server, or to an identity provider, which may be at the same address
   */
  constructor(url: string, places: OAuthPlaces, kind: "oauth" | "idp" = "oauth") {
    const { origin, pathname, search } = new URL(url);
    this.server = `${origin}${pathname}${search}`;
    const digest = createHash("sha256")
      .update(kind === "oauth" ? this.server : `${kind}:${this.server}`)
      .digest("hex")
      .slice(0, 32);
    this.#places = places;
    const readable = search === "" && this.server.length <= MOST_OF_NAME;
    this.#name = `${kind}:${readable ? this.server : `${origin}#${digest}`}`;
    this.#file = join(places.folder, digest);
  }

  /**
   * What is kept, or what this process has where nothing can be kept. Without a stamp there never was a login: no keychain
   * is asked for a server that wants none.
   *
   * @param surely look also where the stamp says nothing new
   */
  async read(surely = false): Promise<Login | undefined> {
    const stamp = this.#readStamp();
    const isKnown = stamp === undefined || (this.#hasRead && stamp === this.#stamp);
    if (isKnown && !surely) return this.#login;
    try {
      // What could not be kept is newer than what is.
      if (!this.#isOwn) this.#login = await this.readKept();
      this.#stamp = stamp;
    } catch (error) {
      this.#complain(error);
    }
    this.#hasRead = true;
    return this.#login;
  }

  /**
   * What a renewal begins with: a refresh token that another process has used already would end the login.
   *
   * @throws KmError where the store cannot be read
   */
  async newest(): Promise<Login | undefined> {
    return this.#isOwn ? this.#login : await this.readKept();
  }

  /** @throws KmError where the store cannot be read */
  async readKept(): Promise<Login | undefined> {
    const text = await this.#places.store.get(this.#name);
    const login = text === undefined ? undefined : parseLogin(text);
    return login?.server === this.server ? login : undefined;
  }

  /**
   * For this process at least. To be called under the lock.
   *
   * @returns whether it is kept for others too
   */
  async keep(login: Login): Promise<boolean> {
    this.#login = login;
    this.#hasRead = true;
    try {
      await this.keepForAll(login);
      return true;
    } catch (error) {
      this.#complain(error);
      this.#isOwn = true;
      return false;
    }
  }

  /** As `keep`, with the lock that it needs. */
  async keepLocked(login: Login): Promise<void> {
    const lock = await this.lock();
    try {
      await this.keep(login);
    } finally {
      if (lock.state === "held") lock[Symbol.dispose]();
    }
  }

  /** @throws KmError where it cannot be kept */
  async keepForAll(login: Login): Promise<void> {
    await this.#places.store.set(this.#name, JSON.stringify(login));
    [this.#login, this.#isOwn, this.#hasRead] = [login, false, true];
    this.#stamp = this.#writeStamp();
  }

  /** @throws KmError where the store cannot be changed */
  async forget(): Promise<void> {
    await this.#places.store.remove(this.#name);
    this.#login = undefined;
    this.#stamp = this.#writeStamp();
  }

  /** Held while tokens are changed. */
  async lock(): Promise<Lock> {
    return await this.#take("lock", MOST_WAIT_MS);
  }

  /** Held by the one process that asks a person to log in; not waited for. */
  async lockAsking(): Promise<Lock> {
    return await this.#take("asking.lock", 0);
  }

  async #take(kind: string, mostWaitMs: number): Promise<Lock> {
    try {
      mkdirSync(this.#places.folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      return { state: "unusable", reason: messageOf(cause), isDamaged: false, cause };
    }
    return await takeLock(`${this.#file}.${kind}`, mostWaitMs);
  }

  #readStamp(): string | undefined {
    try {
      return readFileSync(`${this.#file}.stamp`, "utf8");
    } catch {
      return undefined;
    }
  }

  #writeStamp(): string | undefined {
    const stamp = randomUUID();
    try {
      mkdirSync(this.#places.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${this.#file}.${process.pid}.tmp`, stamp, { mode: 0o600 });
      renameSync(`${this.#file}.${process.pid}.tmp`, `${this.#file}.stamp`);
      return stamp;
    } catch {
      return this.#readStamp(); // others see the change when their token is refused
    }
  }

  #complain(error: unknown): void {
    if (this.#isComplained) return;
    this.#isComplained = true;
    const hint = error instanceof KmError && error.hint !== undefined ? ` ${error.hint}` : "";
    this.#places.say(
      `The login to ${new URL(this.server).host} lasts for this session only: ${messageOf(error)}.${hint}`,
    );
  }
}

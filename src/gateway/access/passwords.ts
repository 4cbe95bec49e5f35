/** `Passwords`: who has which password. To check one takes long on purpose, so what was right is remembered for a while. */
import { timingSafeEqual } from "node:crypto";
import type { AuthConfig } from "../config/proxy-config.ts";
import { type Authentication, digestOf, withRoles } from "./identity.ts";

const REMEMBERED_MS = 5 * 60_000;
/** Each takes a processor and some memory for a tenth of a second. */
const MOST_AT_ONCE = 4;
const MOST_WAITING = 64;
const MOST_REMEMBERED = 1000;
const LONGEST = 1024;
const WRONG: Authentication = { state: "refused", why: "the name or the password is wrong" };

export class Passwords {
  readonly #users: Map<string, AuthConfig["users"][number]>;
  /** With a key of this process alone, so that nothing else can be made of what is kept. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  readonly #remembered = new Map<string, { mac: Uint8Array; until: number }>();
  #stranger: Promise<string> | undefined;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(users: AuthConfig["users"]) {
    this.#users = new Map(users.map((user) => [user.name, user]));
  }

  /**
   * @param credentials as they stand in the header, base64
   * @param now milliseconds since 1970
   */
  async find(credentials: string, now: number): Promise<Authentication> {
    const [, name = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(credentials, "base64").toString()) ?? [];
    if (name === "" || password === "" || password.length > LONGEST) return WRONG;
    const user = this.#users.get(name);
    const mac = this.#mac(name, password);
    const known = this.#remembered.get(name);
    if (user !== undefined && known !== undefined && known.until > now && timingSafeEqual(known.mac, mac)) {
      return this.#known(user);
    }
    if (this.#waiting.length >= MOST_WAITING)
      return { state: "unavailable", why: "too many passwords are being checked" };
    // A name that nobody has takes as long as any other.
    const hash = user?.password ?? (await (this.#stranger ??= Bun.password.hash(crypto.randomUUID())));
    const isRight = await this.#inTurn(() => Bun.password.verify(password, hash).catch(() => false));
    if (user === undefined || !isRight) return WRONG;
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(name, { mac, until: now + REMEMBERED_MS });
    return this.#known(user);
  }

  #known(user: AuthConfig["users"][number]): Authentication {
    const { name, roles } = user;
    const identity = withRoles({ principal: `user:${name}`, by: "password", grant: userGrant(user) }, roles);
    return { state: "known", identity };
  }

  #mac(name: string, password: string): Uint8Array {
    return new Bun.CryptoHasher("sha256", this.#secret).update(`${name}:${password}`).digest();
  }

  async #inTurn<T>(check: () => Promise<T>): Promise<T> {
    if (this.#running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await check();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

export function userGrant(user: AuthConfig["users"][number]): string {
  return digestOf(["user", user]);
}

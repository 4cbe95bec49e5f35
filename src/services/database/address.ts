/** `addressOf`: where a database is, of the URL that services.yaml has for it. */
import { KmError } from "../../errors.ts";
import type { Dialect } from "./connection.ts";

export type Address =
  | {
      dialect: "postgres" | "mysql";
      hostname: string;
      port: number;
      /** Empty where the URL names none. */
      database: string;
      username: string;
      password: string;
    }
  | { dialect: "sqlite"; file: string };

const DIALECTS: Record<string, Dialect> = {
  "postgres:": "postgres",
  "postgresql:": "postgres",
  "mysql:": "mysql",
  "mariadb:": "mysql",
  "sqlite:": "sqlite",
};
const PORTS = { postgres: 5432, mysql: 3306 };

/**
 * @param place for errors; the URL itself may hold a password
 * @throws KmError CFG_002
 */
export function addressOf(text: string, place: string): Address {
  if (/^sqlite:\/\/\/./.test(text)) return { dialect: "sqlite", file: fileOf(text) };
  const url = URL.parse(text);
  const dialect = DIALECTS[url?.protocol ?? ""];
  if (url === null || dialect === undefined || dialect === "sqlite" || url.hostname === "") throw misspelled(place);
  if (url.search !== "" || url.hash !== "") {
    throw new KmError("CFG_002", `${place}.url: it has more behind the name of the database`, {
      hint: "In a password write %3F for ? and %23 for #. Other settings are keys of their own, such as tls.",
    });
  }
  try {
    return {
      dialect,
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? PORTS[dialect] : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    throw misspelled(place); // a % that encodes nothing
  }
}

function fileOf(text: string): string {
  const path = text.slice("sqlite://".length);
  return /^\/[A-Za-z]:[\\/]/.test(path) ? path.slice(1) : path;
}

function misspelled(place: string): KmError {
  return new KmError("CFG_002", `${place}.url: it cannot be used`, {
    hint: "Allowed: postgres://user@host:5432/name, mysql://, mariadb://, or sqlite:///absolute/path. Encode what is special in a name or a password: %40 for @, %2F for /.",
  });
}

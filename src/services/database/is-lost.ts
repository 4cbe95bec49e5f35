/** `isLost`: whether a driver's error means that the connection has ended, and with it nothing but that. */

/** SQLSTATE of a session that was ended by the server: of PostgreSQL, and of MySQL and MariaDB (1053, 1927). */
const ENDED = new Set(["57P01", "08S01", "70100"]);

export function isLost(error: unknown): boolean {
  if (error instanceof Bun.SQL.PostgresError) return isClosed(error.code) || ENDED.has(error.errno ?? "");
  return error instanceof Bun.SQL.MySQLError && (isClosed(error.code) || ENDED.has(error.sqlState ?? ""));
}

function isClosed(code: string): boolean {
  return /_(?:CONNECTION_CLOSED|IDLE_TIMEOUT|LIFETIME_TIMEOUT)$/.test(code);
}

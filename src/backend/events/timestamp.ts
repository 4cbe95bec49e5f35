/** Timestamps of the contract, ISO 8601 in UTC, from and to the microseconds since 1970 that the store has. */

/** @param timestamp as `TIME` of the contract has it */
export function microsecondsOf(timestamp: string): number {
  const fraction = timestamp.slice("2026-11-21T12:00:00.".length, -1);
  const whole = Date.parse(`${timestamp.slice(0, 19)}Z`);
  return whole * 1000 + Number(fraction.padEnd(6, "0"));
}

export function timestampOf(microseconds: number): string {
  const milliseconds = Math.floor(microseconds / 1000);
  const rest = String(microseconds - milliseconds * 1000).padStart(3, "0");
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}

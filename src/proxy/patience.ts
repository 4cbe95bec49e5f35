/** How long requests that are open may still be answered when the client has closed its end, in milliseconds. */

/** So long a server may be silent. */
export const OPEN_REQUESTS_MS = 60_000;
/** And so long it gets in all. */
export const LONGEST_WAIT_MS = 600_000;

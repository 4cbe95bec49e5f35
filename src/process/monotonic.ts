/** Milliseconds that never go back, with the same origin in every thread of the process. */
export function monotonic(): number {
  return origin + performance.now();
}

const origin = performance.timeOrigin;

/** `Mark`: what stands in the place of a secret in what is shown. */

/** @param kind as of a password: `password` */
export type Mark = (kind: string, value: string) => string;

export const plainMark: Mark = (kind) => `[redacted:${kind}]`;

const key = crypto.getRandomValues(new Uint8Array(32));

/** Other values have other marks: for what shows whether something changes. Nobody else can compute them. */
export const tellingMark: Mark = (kind, value) => {
  const digest = new Bun.CryptoHasher("sha256", key).update(value).digest("hex");
  return `[redacted:${kind}-${digest.slice(0, 8)}]`;
};

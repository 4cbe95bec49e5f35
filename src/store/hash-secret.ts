/** `hashSecret`: the form in which API keys, device codes and refresh tokens are kept. */

/** SHA-256 in hex. All of them are random and long, so that nothing slower is needed. */
export function hashSecret(secret: string): string {
  return new Bun.CryptoHasher("sha256").update(secret).digest("hex");
}

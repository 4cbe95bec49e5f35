/** `claimsOf`: what a JWT says of itself, unverified: that is for who takes it. Imports valibot. */
import * as v from "valibot";

const Claims = v.object({
  iss: v.optional(v.string()),
  aud: v.optional(
    v.union([
      v.pipe(
        v.string(),
        v.transform((one) => [one]),
      ),
      v.array(v.string()),
    ]),
    [],
  ),
  /** Seconds. */
  exp: v.optional(v.number()),
});

export type Claims = v.InferOutput<typeof Claims>;

/** Undefined for what is no JWT. */
export async function claimsOf(token: string): Promise<Claims | undefined> {
  const { decodeJwt } = await import("jose/jwt/decode");
  try {
    const claims = v.safeParse(Claims, decodeJwt(token));
    return claims.success ? claims.output : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is still good for as long as a request takes. */
export function isOver({ exp }: Claims, now: number): boolean {
  return exp !== undefined && exp * 1000 <= now + LEAST_LEFT_MS;
}

const LEAST_LEFT_MS = 5000;

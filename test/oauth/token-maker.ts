/** `makeTokens`: who signs what others trust: a platform its workloads' tokens, an identity provider what it says of users. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from "jose";

export interface TokenMaker {
  /** @param seconds for which it is good; negative for one that has expired */
  make(claims: JWTPayload, seconds?: number, type?: string): Promise<string>;
  /** Its claims; undefined for what is not its own, has expired, is of another type or for somebody else. */
  read(token: string, audience: string, type?: string): Promise<JWTPayload | undefined>;
}

export function makeTokens(issuer: string): TokenMaker {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    make: async (claims, seconds = 300, type = "JWT") =>
      await new SignJWT({ iss: issuer, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: "ES256", typ: type })
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
        .sign(privateKey),
    async read(token, audience, type = "JWT") {
      try {
        if (decodeProtectedHeader(token).typ !== type) return undefined;
        return (await jwtVerify(token, publicKey, { issuer, audience })).payload;
      } catch {
        return undefined;
      }
    },
  };
}

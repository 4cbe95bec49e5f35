/** `proofOf`: how a client shows a token endpoint that it is the one it says (RFC 6749, section 2.3; RFC 7523). */
import { createPrivateKey, type KeyObject, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { systemReason } from "../errors.ts";
import type { Client } from "./client.ts";
import { cannotLogIn } from "./login-error.ts";

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ASSERTION_SECONDS = 60;

export interface Proof {
  form: Record<string, string>;
  headers: Record<string, string>;
}

export interface ProofPlace {
  server: string;
  /** The authorization server's name, for which alone an assertion is good. */
  issuer: string;
  /** File of the key, in PEM. */
  keyFile: string | undefined;
  /** What the endpoint takes; empty where it does not say. */
  algorithms: string[];
}

/** @throws KmError LGN_002 where the key cannot be used */
export async function proofOf({ id, secret = "", method }: Client, place: ProofPlace): Promise<Proof> {
  switch (method) {
    case "unidentified":
      return { form: {}, headers: {} };
    case "none":
      return { form: { client_id: id }, headers: {} };
    case "client_secret_post":
      return { form: { client_id: id, client_secret: secret }, headers: {} };
    case "client_secret_basic": {
      const pair = Buffer.from(`${formEncoded(id)}:${formEncoded(secret)}`).toString("base64");
      return { form: {}, headers: { authorization: `Basic ${pair}` } };
    }
    case "private_key_jwt":
      return {
        form: { client_id: id, client_assertion_type: ASSERTION, client_assertion: await assertion(id, place) },
        headers: {},
      };
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

async function assertion(id: string, place: ProofPlace): Promise<string> {
  const { server, keyFile, algorithms } = place;
  const unusable = (reason: string, cause?: unknown) =>
    cannotLogIn("LGN_002", server, `the client's key ${keyFile ?? ""} cannot be used: ${reason}`, {
      hint: "auth.client_key of the server in servers.yaml names a file with a private key in PEM.",
      cause,
    });
  let key: KeyObject;
  try {
    key = createPrivateKey(readFileSync(keyFile ?? ""));
  } catch (cause) {
    throw unusable(systemReason(cause), cause);
  }
  const possible = algorithmsOf(key);
  const algorithm = possible.find((one) => algorithms.length === 0 || algorithms.includes(one));
  if (algorithm === undefined) {
    throw unusable(
      possible.length === 0
        ? "a key of its kind signs nothing here"
        : `the authorization server takes ${algorithms.join(", ")}, and it signs with ${possible.join(", ")}`,
    );
  }
  const { SignJWT } = await import("jose/jwt/sign"); // seldom needed, and a session waits for what it loads
  return await new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: "JWT" })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(place.issuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${ASSERTION_SECONDS} s`)
    .sign(key);
}

const CURVES: Record<string, string> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };

function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string[] {
  switch (type) {
    case "rsa":
      return ["PS256", "RS256"];
    case "ed25519":
      return ["EdDSA"];
    case "ec": {
      const algorithm = CURVES[details?.namedCurve ?? ""];
      return algorithm === undefined ? [] : [algorithm];
    }
    default:
      return [];
  }
}

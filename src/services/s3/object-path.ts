/** `objectPath`: the path of a key in a URL, whatever the key is: no byte of it changes its meaning, and none is lost. */
import { KmError } from "../../errors.ts";

/**
 * @param bucket undefined where the host says it
 * @throws KmError SVC_001 for a key that no URL can have
 */
export function objectPath(bucket: string | undefined, key: string): string {
  const segments = key.split("/").map(encoded);
  // URLs take `a/../b` for `b`, also encoded; a slash that is encoded keeps them from it, and means the same to S3.
  const path = segments.some((segment) => segment === "." || segment === "..")
    ? segments.join("%2F")
    : segments.join("/");
  if (path === "." || path === "..") {
    throw new KmError("SVC_001", `Argument key: no URL can name the object ${key}`, {
      hint: "Another client has to rename it.",
    });
  }
  return bucket === undefined ? `/${path}` : `/${bucket}/${path}`;
}

/** As the signature wants it: all but letters, digits and `-._~`. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

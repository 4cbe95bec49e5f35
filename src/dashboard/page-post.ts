/** `readPost`: what the dashboard's own page sends; whatever comes from elsewhere is refused. */

export interface Reply {
  status: number;
  body: object;
}

/** `value` is undefined for what is no JSON, or too much of it. */
export type Post = { kind: "read"; value: unknown } | { kind: "refused"; reply: Reply };

const MOST_BYTES = 16 * 1024;

export async function readPost(request: Request): Promise<Post> {
  // A page of another site can send a form and a text without being asked first, but neither this type nor this origin.
  if (request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    return { kind: "refused", reply: refused(415, "An answer is application/json") };
  }
  const site = request.headers.get("sec-fetch-site");
  if (request.headers.get("origin") === null || (site !== null && site !== "same-origin")) {
    return { kind: "refused", reply: refused(403, "Only the dashboard's own page may answer") };
  }
  return { kind: "read", value: await read(request) };
}

/** Problem details, as the endpoints of kilometers-api have them. */
export function refused(status: number, detail: string): Reply {
  return { status, body: { title: detail, detail, status } };
}

async function read(request: Request): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > MOST_BYTES) return undefined;
  try {
    const text = await request.text();
    return text.length > MOST_BYTES ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

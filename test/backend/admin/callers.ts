/** Calls of a service by whoever has some role, with what was answered. */
import { issueAccessToken } from "../../../src/backend/oauth/access-token.ts";
import { findAccount } from "../../../src/store/accounts.ts";
import type { ApiService } from "../../fixtures/api-service.ts";

export interface Answer {
  status: number;
  headers: Headers;
  json: Record<string, unknown>;
}

export type Ask = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<Answer>;

/** @param token of whoever calls; undefined for nobody */
export function asking(api: ApiService, token: string | undefined): Ask {
  return async (method, path, body, headers = {}) => {
    const isBytes = body instanceof Uint8Array;
    const type = isBytes ? "application/octet-stream" : "application/json";
    const response = await fetch(`${api.url}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": type }),
        ...headers,
      },
      ...(body !== undefined && { body: isBytes ? new Blob([body]) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get("content-type") ?? "").includes("json");
    const json = isJson && text !== "" ? (JSON.parse(text) as Record<string, unknown>) : { text };
    return { status: response.status, headers: response.headers, json };
  };
}

/** A token as a login gives it. */
export async function tokenOf({ deps }: ApiService, user: string, customer: string): Promise<string> {
  const now = Date.now();
  const account = await findAccount(deps.database, customer, user, now);
  if (account === null) throw new Error("The user is gone");
  return (await issueAccessToken(deps, account, "api", now)).access_token;
}

/** All rows of a list. */
export function itemsOf({ json }: Answer): Record<string, unknown>[] {
  return json["items"] as Record<string, unknown>[];
}

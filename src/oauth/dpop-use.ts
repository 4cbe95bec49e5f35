/** `dpopUse`: whether the tokens of a login are bound to a key, as the configuration and the server have it. No I/O. */
import type { RemoteClient } from "../http/remote.ts";
import type { Challenge } from "./challenge.ts";
import { DPOP_ALGORITHMS, type DpopAlgorithm } from "./dpop.ts";
import type { Issuer } from "./issuer-metadata.ts";
import type { Resource } from "./resource-metadata.ts";

export type DpopUse =
  | { state: "unused" }
  /** `isRequired`: a token that anybody could use who has it is not taken. */
  | { state: "used"; algorithm: DpopAlgorithm; isRequired: boolean }
  /** There is no algorithm for it that all sides know. */
  | { state: "impossible"; offered: string[] };

export interface DpopSituation {
  setting: RemoteClient["dpop"];
  challenge: Pick<Challenge, "schemes" | "dpopAlgorithms">;
  resource: Pick<Resource, "dpopAlgorithms" | "needsDpop"> | undefined;
  issuer: Pick<Issuer, "dpopAlgorithms">;
}

export function dpopUse({ setting = "auto", challenge, resource, issuer }: DpopSituation): DpopUse {
  if (setting === false) return { state: "unused" };
  const { schemes } = challenge;
  const ofServer = [...(resource?.dpopAlgorithms ?? []), ...challenge.dpopAlgorithms];
  const isAsked = schemes.includes("dpop") || ofServer.length > 0;
  const isOnlyWay = resource?.needsDpop === true || (schemes.includes("dpop") && !schemes.includes("bearer"));
  const isRequired = setting === true || isOnlyWay;
  // An authorization server that says nothing of it may bind tokens all the same: where there is no other way it is tried.
  if (!isRequired && (!isAsked || issuer.dpopAlgorithms.length === 0)) return { state: "unused" };
  const lists = [issuer.dpopAlgorithms, ofServer].filter(({ length }) => length > 0);
  const algorithm = DPOP_ALGORITHMS.find((one) => lists.every((list) => list.includes(one)));
  if (algorithm !== undefined) return { state: "used", algorithm, isRequired };
  return isRequired ? { state: "impossible", offered: [...new Set(lists.flat())] } : { state: "unused" };
}

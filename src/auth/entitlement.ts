/**
 * `openEntitlement`: what the user of this machine is entitled to, known at once and looked after in the background.
 *
 * It is never more than what a token of the API says: nothing else on this machine is asked, and no file or variable
 * stands in for one. The API decides anew at every request.
 */
import { pause } from "../process/pause.ts";
import type { Tier } from "../tiers.ts";
import type { AccessToken, AccessTokens } from "./access-token.ts";
import { openHighWater } from "./high-water.ts";
import type { VerifiedClaims, Verify } from "./verify-token.ts";

export interface Entitlement {
  tier: Tier;
  customer: string | null;
  features: string[];
  /** ISO 8601; null where nothing expires. */
  expires_at: string | null;
  /** A token that is good, one that has expired lately, nothing, or a login that for now proves nothing. */
  basis: "token" | "lease" | "none" | "unknown";
  /** Why it is not what it could be, in sentences. Holds no secret. */
  trouble: string | undefined;
}

export interface EntitlementOptions {
  origin: string;
  cacheFolder: string;
  now: () => number;
  featuresOf(tier: Tier): string[];
  tokens: AccessTokens;
  verify: Verify;
  /** Told when it has changed by what was found in the background. */
  changed?(): void;
}

export interface EntitlementKeeper {
  /** Never waits and never throws. Where what is known has grown old, it is looked after in the background. */
  current(): Entitlement;
  /** When something is known without the API having been asked, if that is so soon; never rejects. */
  ready(mostMs: number): Promise<void>;
  /**
   * Looks after it now; never throws.
   *
   * @param force by a new token also where the last is good
   */
  refresh(force?: boolean): Promise<Entitlement>;
  /** When nothing goes on in the background. To be awaited before the process ends, for the sake of a refreshed token. */
  settled(): Promise<void>;
}

const FRESH_MS = 5 * 60_000;
/** After the last token has expired, for a machine without a network. */
const LEASE_MS = 72 * 3_600_000;
const RETRY_MS = 60_000;

type Proof = Pick<VerifiedClaims, "tier" | "customer" | "features" | "expiresAt"> & { leaseMs: number };

export function openEntitlement(options: EntitlementOptions): EntitlementKeeper {
  const { tokens, verify, featuresOf, now: clock } = options;
  const time = openHighWater(options.cacheFolder, options.origin, clock);
  let proof: Proof | undefined;
  let trouble: string | undefined;
  /** Until something is known: who has no login is told so soon. */
  let isLoggedIn = true;
  let [checkedAt, attemptedAt] = [-Infinity, -Infinity];
  let running: { look: Promise<void>; force: boolean } | undefined;
  const first = Promise.withResolvers<void>();

  const entitlement = (): Entitlement => {
    if (proof !== undefined && time.now() < proof.expiresAt + proof.leaseMs) return byProof(proof, time.now(), trouble);
    const why = proof !== undefined && time.isSetBack() ? SET_BACK : trouble;
    return {
      tier: "free",
      customer: null,
      features: featuresOf("free"),
      expires_at: null,
      basis: isLoggedIn ? "unknown" : "none",
      trouble: why,
    };
  };
  const take = async (access: AccessToken): Promise<void> => {
    trouble = access.why;
    isLoggedIn = access.state !== "none";
    if (!isLoggedIn) proof = undefined;
    // Also where its last token is gone: another km may have been told first, and removed it.
    if (access.state === "ended" && proof !== undefined) proof = { ...proof, leaseMs: 0 };
    const token = "token" in access ? access.token : undefined;
    if (token === undefined) return time.note();
    const verified = await verify(token);
    if (verified.state === "invalid") {
      trouble ??= `The API's token cannot be used: ${verified.reason}. Run km auth login.`;
      return time.note();
    }
    if (verified.state === "unverifiable") {
      trouble ??= "The API's token cannot be checked: its keys cannot be had now.";
      return time.note();
    }
    const { tier, customer, features, issuedAt, expiresAt } = verified.claims;
    proof = { tier, customer, features, expiresAt, leaseMs: access.state === "ended" ? 0 : LEASE_MS };
    time.note(issuedAt);
  };
  const isDue = () => proof === undefined || time.now() >= proof.expiresAt;
  const look = async (force: boolean): Promise<void> => {
    const known = await tokens.known();
    await take(known);
    if (known.state === "none" || proves(entitlement())) first.resolve();
    // One that has ended is not asked for again, unless somebody insists; a keychain that hangs is not waited for twice.
    const isOver = known.state === "none" || known.state === "unreadable" || (known.state === "ended" && !force);
    if (!isOver && (force || isDue())) await take(await tokens.fresh(force));
    checkedAt = clock();
  };
  const start = (force: boolean): Promise<void> => {
    if (running !== undefined) {
      return force && !running.force ? running.look.then(() => start(true)) : running.look;
    }
    attemptedAt = clock();
    const before = essence(entitlement());
    running = {
      force,
      // What fails leaves what is known, and is tried again later.
      look: look(force)
        .catch(() => undefined)
        .finally(() => {
          running = undefined;
          first.resolve();
          if (essence(entitlement()) !== before) options.changed?.();
        }),
    };
    return running.look;
  };

  return {
    current() {
      const isFresh = isWithin(checkedAt, clock(), FRESH_MS) && !isDue();
      if (!isFresh && !isWithin(attemptedAt, clock(), RETRY_MS)) void start(false);
      return entitlement();
    },
    async ready(mostMs) {
      this.current();
      await Promise.race([first.promise, pause(mostMs)]);
    },
    async refresh(force = false) {
      await start(force);
      return entitlement();
    },
    async settled() {
      if (running === undefined) return;
      await running.look;
      await this.settled();
    },
  };
}

const SET_BACK = "The clock of this machine was set back: set it right, then run km auth refresh.";

function proves({ basis }: Entitlement): boolean {
  return basis === "token" || basis === "lease";
}

/** Not where the clock was set back to before it. */
function isWithin(since: number, now: number, ms: number): boolean {
  return now >= since && now - since < ms;
}

function byProof(
  { tier, customer, features, expiresAt, leaseMs }: Proof,
  now: number,
  trouble: string | undefined,
): Entitlement {
  const isGood = now < expiresAt;
  const end = new Date(isGood ? expiresAt : expiresAt + leaseMs).toISOString();
  return { tier, customer, features, expires_at: end, basis: isGood ? "token" : "lease", trouble };
}

/** What a plugin is told of it, but for when it ends. */
function essence({ tier, customer, features }: Entitlement): string {
  return JSON.stringify([tier, customer, features]);
}

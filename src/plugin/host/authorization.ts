/** What one process of a plugin is told of its user's rights, at its start and again and again. */
import { KmError } from "../../errors.ts";
import { pause } from "../../process/pause.ts";
import { tierName } from "../../tiers.ts";
import { type Entitlement, requireEntitlement } from "../entitlement.ts";
import type { Manifest } from "../manifest.ts";
import type { AuthenticateParams } from "../protocol.ts";
import type { Connection } from "./connection.ts";
import { PluginFailure } from "./failure.ts";
import { authenticate } from "./handshake.ts";

export interface AuthorizationOptions {
  manifest: Manifest;
  /** Answers soon: what cannot be found out soon is not waited for. */
  entitlement(manifest: Manifest): Promise<Entitlement>;
  /** Resolves when the entitlement has changed, if that is known before it is asked for again. */
  entitlementChanged?(): Promise<void>;
  /** How often the entitlement is asked for again. */
  reauthenticateMs: number;
}

export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #authorized: () => void;
  /** Whether the entitlement that was asked for last is really the user's, or the least that everybody has. */
  isKnown = true;
  /** When the plugin accepted last, and the features that it has since. */
  at: Date | undefined;
  features: string[] = [];
  /** What it was told last. */
  #told: AuthenticateParams | undefined;
  /** Resolves when that is no longer all. */
  #changed: Promise<void> | undefined;

  /** @param authorized called whenever the plugin has accepted */
  constructor(options: AuthorizationOptions, authorized: () => void) {
    this.#options = options;
    this.#authorized = authorized;
  }

  /** @throws KmError PLG_TIER_001 where the plugin needs more than there is */
  async require(): Promise<Entitlement> {
    const { manifest } = this.#options;
    const entitlement = await this.#options.entitlement(manifest);
    this.isKnown = entitlement.isKnown;
    requireEntitlement(manifest, entitlement);
    return entitlement;
  }

  /** @returns why the plugin may not run, or does not want to */
  async tell(connection: Connection): Promise<PluginFailure | undefined> {
    const { manifest } = this.#options;
    this.#changed = this.#options.entitlementChanged?.(); // before it is read, so that no change is missed
    let entitlement: Entitlement;
    try {
      entitlement = await this.require();
    } catch (error) {
      if (error instanceof KmError && error.code === "PLG_TIER_001") return refusal(error);
      throw error;
    }
    const { tier, customer, features: given, expires_at, trouble } = entitlement;
    const token = await entitlement.tokenFor(manifest.name);
    const params = { token, customer, tier, features: given, expires_at };
    if (token === null && this.#isTold(params)) return undefined;
    const { authorized, features, reason } = await authenticate(connection, manifest, params);
    if (!authorized) {
      return new PluginFailure("PLG_TIER_001", `Plugin '${manifest.name}' does not accept the login: ${reason}`, {
        hint: [`You have ${tierName(tier)}.`, trouble].filter((words) => words !== undefined).join(" "),
        fatal: true,
      });
    }
    this.#told = params;
    this.at = new Date();
    this.features = features;
    this.#authorized();
    return undefined;
  }

  /** Tells it again and again. Resolves when it may not go on, with why; else never. */
  async keep(connection: Connection, signal: AbortSignal): Promise<PluginFailure | undefined> {
    const { promise: never } = Promise.withResolvers<undefined>();
    for (;;) {
      await Promise.race([pause(jittered(this.#options.reauthenticateMs)), this.#changed ?? never]);
      if (signal.aborted) return await never;
      const refused = await this.tell(connection);
      if (refused !== undefined) return refused;
    }
  }

  /** Where no new proof can be had for what it has seen proof of, that one holds. */
  #isTold({ tier, customer, features }: AuthenticateParams): boolean {
    const told = this.#told;
    if (told === undefined || told.token === null || told.tier !== tier || told.customer !== customer) return false;
    return told.features.join() === features.join();
  }
}

function refusal({ code, message, hint }: KmError): PluginFailure {
  return new PluginFailure(code, message, { ...(hint !== undefined && { hint }), fatal: true });
}

/** Ten percent around, so that many plugins do not ask at once. */
function jittered(ms: number): number {
  return ms * (0.9 + 0.2 * Math.random());
}

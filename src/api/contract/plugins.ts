/** The endpoints that plugins come from, and that prove to a plugin who its user is. */
import * as v from "valibot";
import { defineEndpoint } from "./endpoint.ts";
import { CUSTOMER_ID, FEATURES, PACKAGE_FACTS, PLATFORM, PLUGIN_NAME, TIER, TIME, VERSION } from "./values.ts";

const BODY_BYTES = 16 * 1024;

/** That a customer may download a package for a while. */
const GRANT_ID = v.pipe(v.string(), v.regex(/^grt_[0-9A-Za-z]{24}$/));

export const authenticatePlugin = defineEndpoint({
  name: "authenticatePlugin",
  method: "POST",
  path: "/api/plugins/authenticate",
  summary: "Gives a short-lived token for one plugin, bound to the caller's nonce",
  authentication: "token",
  budget: "general",
  body: {
    mediaType: "application/json",
    maxBytes: BODY_BYTES,
    schema: v.strictObject({
      plugin: PLUGIN_NAME,
      nonce: v.pipe(v.string(), v.regex(/^[\w-]{16,128}$/)),
      version: v.optional(VERSION),
    }),
  },
  answer: {
    schema: v.object({ token: v.string(), expires_at: TIME, customer: CUSTOMER_ID, tier: TIER, features: FEATURES }),
  },
  problems: ["tier_required", "conflict"],
});

const AVAILABLE = v.object(PACKAGE_FACTS);

export const availablePlugins = defineEndpoint({
  name: "availablePlugins",
  method: "GET",
  path: "/api/plugins/available",
  summary: "The plugins that the caller's tier may have",
  authentication: "token",
  budget: "general",
  query: v.strictObject({ platform: v.optional(PLATFORM) }),
  answer: { schema: v.object({ plugins: v.array(AVAILABLE) }) },
});

/** The package is as it was uploaded: it is not signed for the customer yet. */
export const provisionPlugin = defineEndpoint({
  name: "provisionPlugin",
  method: "POST",
  path: "/api/plugins/provision",
  summary: "Gives the caller's customer a package of a plugin to download for an hour",
  authentication: "token",
  budget: "general",
  idempotencyKey: true,
  body: {
    mediaType: "application/json",
    maxBytes: BODY_BYTES,
    schema: v.strictObject({ name: PLUGIN_NAME, platform: PLATFORM, version: v.optional(VERSION) }),
  },
  answer: { schema: v.object({ id: GRANT_ID, ...PACKAGE_FACTS, url: v.string(), expires_at: TIME }) },
  problems: ["not_found", "tier_required"],
});

export const downloadPlugin = defineEndpoint({
  name: "downloadPlugin",
  method: "GET",
  path: "/api/plugins/download/{id}",
  summary: "The bytes of a provisioned package; takes Range and If-None-Match",
  authentication: "token",
  budget: "general",
  params: v.strictObject({ id: GRANT_ID }),
  answer: { mediaType: "application/octet-stream" },
  problems: ["not_found", "tier_required", "range_not_satisfiable", "unavailable"],
});

/** `adminRoutes`: the endpoints of those who look after customers. */
import type { Deps } from "../deps.ts";
import type { Route } from "../handler.ts";
import { auditRoutes } from "./audit-log.ts";
import { customerRoutes } from "./customers.ts";
import { keyRoutes } from "./keys.ts";
import { packageAdminRoutes } from "./packages.ts";
import { revocationRoutes } from "./revocations.ts";
import { signingKeyRoutes } from "./signing-keys.ts";
import { userRoutes } from "./users.ts";

export const adminRoutes: readonly Route<Deps>[] = [
  ...customerRoutes,
  ...userRoutes,
  ...keyRoutes,
  ...packageAdminRoutes,
  ...revocationRoutes,
  ...signingKeyRoutes,
  ...auditRoutes,
];

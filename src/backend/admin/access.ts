/** Whom a caller may look after: operators everybody, an administrator its own customer alone. */
import type { Principal } from "../handler.ts";
import { type Problem, problem } from "../problem.ts";

/** The one customer that a caller is kept to; null for an operator. */
export function reachOf(principal: Principal): string | null {
  return principal.role === "operator" ? null : principal.customer;
}

/** That another customer is there is none of an administrator's business: it is answered as if it were not. */
export function isInReach(principal: Principal, customer: string): boolean {
  return principal.role === "operator" || principal.customer === customer;
}

/** Undefined where the caller is an operator. */
export function refuseOthers(principal: Principal): Problem | undefined {
  return principal.role === "operator" ? undefined : problem("forbidden", "This is for operators");
}

export function noCustomer(): Problem {
  return problem("not_found", "There is no such customer");
}

/** `statusWords`: what the status of a backend's answer says, for a model and its user, where the answer itself does not say it. */
import { retryAfter } from "../../api/retry-after.ts";
import { shownUrl } from "../../http/shown-url.ts";

export interface StatusWords {
  /** "it does not know who asks" */
  reason: string;
  hint: string | undefined;
}

/** Beyond that nobody waits. */
const LONGEST_TOLD_MS = 366 * 86_400_000;
const MOST_OF_URL = 200;

export function statusWords({ status, headers }: Response): StatusWords {
  if (status >= 300 && status < 400) return elsewhere(headers.get("location") ?? "");
  switch (status) {
    case 401:
      return {
        reason: "it wants to know who asks",
        hint: "Whoever runs this server has to say how: auth in services.yaml.",
      };
    case 403:
      return { reason: "it does not allow this", hint: "Its operator decides what the login in services.yaml may do." };
    case 404:
      return {
        reason: "there is no such thing",
        hint: "Check the names; if everything is missing, the path of its URL.",
      };
    case 405:
      return {
        reason: "it does not allow this here",
        hint: "See whether its version knows this, and the path of its URL.",
      };
    case 409:
      return { reason: "it conflicts with what is there", hint: "Look at the present state, and try again." };
    case 413:
      return { reason: "the request is too large for it", hint: "Send less at once." };
    case 429:
      return { reason: "it is asked too often", hint: `Try again ${whenText(headers.get("retry-after"))}.` };
    case 502:
    case 503:
    case 504:
      return { reason: "it is not available now", hint: "Try again later, or see that what is behind it runs." };
    default:
      return status >= 500
        ? { reason: "it failed", hint: "See what it says in its own log." }
        : { reason: "it refuses the request", hint: undefined };
  }
}

function elsewhere(to: string): StatusWords {
  return /^https?:/i.test(to) && URL.canParse(to)
    ? {
        reason: "it sends to another address",
        hint: `If that is right, make ${shownUrl(to).slice(0, MOST_OF_URL)} its URL.`,
      }
    : { reason: "it sends elsewhere", hint: "Check its URL." };
}

/** Nothing else of what a backend may write there. */
function whenText(header: string | null): string {
  const ms = retryAfter(header, Date.now());
  return ms === undefined || ms > LONGEST_TOLD_MS ? "later" : `after ${Math.ceil(ms / 1000)} s`;
}

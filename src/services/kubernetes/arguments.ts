/** What arguments of several tools may be. */
import * as v from "valibot";
import { text } from "../../guard/policy/schema-parts.ts";

const KIND = "a kind such as pods, Deployment, ingresses.networking.k8s.io or apps/v1/Deployment";
const NAME = "the name of an object, without slashes";
const NAMESPACE = "the name of a namespace: small letters, digits and dashes";
const SELECTOR = "a selector such as app=web,tier!=cache";

const kindText = v.pipe(
  v.string(KIND),
  v.check((text) => /^[A-Za-z][A-Za-z0-9./-]{0,252}$/.test(text), KIND),
);
const nameText = v.pipe(
  v.string(NAME),
  v.check((text) => /^(?!\.{1,2}$)[^/%\s\p{Cc}]{1,253}$/u.test(text), NAME),
);
export const namespaceText = v.pipe(
  v.string(NAMESPACE),
  v.check((text) => /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text), NAMESPACE),
);
const selectorText = v.pipe(
  v.string(SELECTOR),
  v.check((text) => /^[^\p{Cc}]{1,2000}$/u.test(text), SELECTOR),
);

export const kindArgument = v.pipe(kindText, v.description("po, Deployment, ingresses.networking.k8s.io"));
export const nameArgument = nameText;
/** What stands in many tools is explained once, in what the service says of itself: unless given, the context's own. */
export const namespaceArgument = v.optional(namespaceText);
export const labelsArgument = v.optional(selectorText);
export const fieldsArgument = v.optional(selectorText);
export const contextArgument = v.optional(text("the name of a context", 253));
export const containerArgument = v.optional(nameText);

const KINDS = "kinds with commas, such as pods or deploy,svc";

/** One word or several with commas: which kinds there are is found out from the cluster. */
export const kindsArgument = v.pipe(
  v.string(KINDS),
  v.check((text) => /^[A-Za-z][A-Za-z0-9./-]{0,252}(?:,[A-Za-z][A-Za-z0-9./-]{0,252}){0,19}$/.test(text), KINDS),
  v.description("pods, deploy,svc, ingresses.networking.k8s.io"),
);

const SECONDS = "seconds, a whole number from 1 to 3600";

/** @param usual where it is left out */
export function secondsArgument(words: string, usual: number) {
  const seconds = v.pipe(v.number(SECONDS), v.safeInteger(SECONDS), v.minValue(1, SECONDS), v.maxValue(3600, SECONDS));
  return v.optional(v.pipe(seconds, v.description(`${words}; ${usual} unless given`)), usual);
}

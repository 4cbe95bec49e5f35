/** `findResource`: the kind that a word means, as kubectl takes it: a plural, a kind, a short name, with a group or a version. */
import { closest } from "../../../closest.ts";
import { apiVersionOf, type Resource } from "./resource.ts";

/**
 * @param resources in the order of their groups, of which the first counts
 * @param word `po`, `Deployment`, `ingresses.networking.k8s.io`, `deployments.v1.apps`, `apps/v1/Deployment`
 */
export function findResource(resources: readonly Resource[], word: string): Resource | undefined {
  const wanted = word.toLowerCase();
  const slash = wanted.lastIndexOf("/");
  if (slash >= 0) {
    const [apiVersion, name] = [wanted.slice(0, slash), wanted.slice(slash + 1)];
    return resources.find((one) => apiVersionOf(one) === apiVersion && isCalled(one, name));
  }
  const plain = resources.find((one) => isCalled(one, wanted));
  const dot = wanted.indexOf(".");
  if (plain !== undefined || dot < 0) return plain;
  const [name, rest] = [wanted.slice(0, dot), wanted.slice(dot + 1)];
  return (
    resources.find((one) => one.group === rest && isCalled(one, name)) ??
    resources.find((one) => `${one.version}.${one.group}` === rest && isCalled(one, name))
  );
}

/** What a word that means no kind may have meant. */
export function nearestKind(resources: readonly Resource[], word: string): string | undefined {
  return closest(word, [...new Set(resources.flatMap(({ plural, kind }) => [plural, kind]))]);
}

function isCalled({ plural, singular, kind, shortNames }: Resource, word: string): boolean {
  return plural === word || kind.toLowerCase() === word || singular === word || shortNames.includes(word);
}

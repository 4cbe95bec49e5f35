/** `Bounds`: what the operator leaves of a cluster: namespaces that are allowed, kinds that are not. */
import { KmError } from "../../errors.ts";
import type { Resource } from "./discovery/resource.ts";

export class Bounds {
  /** All where undefined. */
  readonly namespaces: readonly string[] | undefined;
  readonly #denied: ReadonlySet<string>;

  /** @param deniedKinds `Secret`, `secrets`, `Role.rbac.authorization.k8s.io` or `*.rbac.authorization.k8s.io` */
  constructor(namespaces: readonly string[] | undefined, deniedKinds: readonly string[]) {
    this.namespaces = namespaces;
    this.#denied = new Set(deniedKinds.map((kind) => kind.toLowerCase()));
  }

  isDenied({ group, kind, plural }: Resource): boolean {
    const names = [kind.toLowerCase(), plural];
    const words = [...names, ...names.map((name) => `${name}.${group}`), `*.${group}`];
    return words.some((word) => this.#denied.has(word));
  }

  mayNamespace(namespace: string): boolean {
    return this.namespaces?.includes(namespace) ?? true;
  }

  /** @throws KmError SVC_002 */
  checkNamespace(namespace: string): void {
    if (this.mayNamespace(namespace)) return;
    throw new KmError("SVC_002", `Namespace ${namespace} is not allowed here`, {
      hint: `Allowed: ${this.namespaces?.join(", ") ?? ""}.`,
    });
  }

  /** @throws KmError SVC_002 */
  checkKind(resource: Resource): void {
    if (!this.isDenied(resource)) return;
    throw new KmError("SVC_002", `${resource.kind} is a kind that is not allowed here`, {
      hint: "Whoever runs this server has denied it: kubernetes.denied_kinds.",
    });
  }

  /**
   * Whether an object may be read. With namespaces allowed, those of no namespace may be, but for other Namespaces.
   *
   * @throws KmError SVC_002
   */
  checkReading(resource: Resource, namespace: string | undefined, name: string | undefined): void {
    this.checkKind(resource);
    if (namespace !== undefined) this.checkNamespace(namespace);
    if (isNamespaceKind(resource) && name !== undefined) this.checkNamespace(name);
  }

  /**
   * The same for changes: where namespaces are allowed, what belongs to none is beyond them.
   *
   * @throws KmError SVC_002
   */
  checkWriting(resource: Resource, namespace: string | undefined, name: string | undefined): void {
    this.checkReading(resource, namespace, name);
    if (namespace !== undefined || this.namespaces === undefined) return;
    throw new KmError("SVC_002", `${resource.kind} belongs to no namespace, so it cannot be changed here`, {
      hint: `Changes are allowed in: ${this.namespaces.join(", ")}.`,
    });
  }
}

export function isNamespaceKind({ group, kind }: Resource): boolean {
  return group === "" && kind === "Namespace";
}

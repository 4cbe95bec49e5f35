/**
 * `USUAL_KINDS`: kinds that every API server has had since 1.9, and which most calls are about: nobody has to wait until it has
 * said so.
 */
import type { Resource } from "./resource.ts";

/** plural, kind, short name, subresources that tools look for */
type Row = readonly [plural: string, kind: string, shortName?: string, subresource?: string];

const CLUSTER_WIDE: readonly Row[] = [
  ["namespaces", "Namespace", "ns"],
  ["nodes", "Node", "no"],
  ["persistentvolumes", "PersistentVolume", "pv"],
];
const NAMESPACED: readonly Row[] = [
  ["configmaps", "ConfigMap", "cm"],
  ["endpoints", "Endpoints", "ep"],
  ["events", "Event", "ev"],
  ["limitranges", "LimitRange", "limits"],
  ["persistentvolumeclaims", "PersistentVolumeClaim", "pvc"],
  ["pods", "Pod", "po"],
  ["replicationcontrollers", "ReplicationController", "rc", "scale"],
  ["resourcequotas", "ResourceQuota", "quota"],
  ["secrets", "Secret"],
  ["serviceaccounts", "ServiceAccount", "sa"],
  ["services", "Service", "svc"],
];
const APPS: readonly Row[] = [
  ["daemonsets", "DaemonSet", "ds"],
  ["deployments", "Deployment", "deploy", "scale"],
  ["replicasets", "ReplicaSet", "rs", "scale"],
  ["statefulsets", "StatefulSet", "sts", "scale"],
];
const VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"];

export const USUAL_KINDS: readonly Resource[] = [
  ...CLUSTER_WIDE.map((row) => resourceOf(row, "", false)),
  ...NAMESPACED.map((row) => resourceOf(row, "", true)),
  ...APPS.map((row) => resourceOf(row, "apps", true)),
];

function resourceOf([plural, kind, shortName, subresource]: Row, group: string, isNamespaced: boolean): Resource {
  return {
    group,
    version: "v1",
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames: shortName === undefined ? [] : [shortName],
    isNamespaced,
    verbs: VERBS,
    subresources: subresource === undefined ? [] : [subresource],
  };
}

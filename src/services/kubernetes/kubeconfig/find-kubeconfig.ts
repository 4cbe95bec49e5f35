/**
 * `findKubeconfig`: the contexts that are there to choose from: those of the configured file, else of `KUBECONFIG`, which may name
 * several files, else of `~/.kube/config`, else the service account of the pod that km runs in.
 */
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { KmError, systemCode, systemReason } from "../../../errors.ts";
import { inCluster, SERVICE_ACCOUNT } from "./in-cluster.ts";
import { type Kubeconfig, type KubeconfigFile, mergeKubeconfigs } from "./kubeconfig.ts";

export interface KubeconfigPlaces {
  /** The one that services.yaml names. */
  file: string | undefined;
  env: Record<string, string | undefined>;
  home: string | undefined;
  /** Where a pod has what proves its service account; the usual place unless given. */
  serviceAccount?: string;
}

/** @throws KmError CFG_001 for a file that cannot be used, CFG_002 where there is none */
export function findKubeconfig({ file, env, home, serviceAccount = SERVICE_ACCOUNT }: KubeconfigPlaces): Kubeconfig {
  if (file !== undefined) return mergeKubeconfigs([required(fromHome(file, home))]);
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter(Boolean);
  if (listed.length > 0) {
    const found = listed.map((path) => readIfThere(fromHome(path, home))).filter((one) => one !== undefined);
    if (found.length > 0) return mergeKubeconfigs(found);
    throw new KmError("CFG_002", `There is no kubeconfig at ${listed.join(" or ")}, which KUBECONFIG names`);
  }
  const usual = home === undefined ? undefined : readIfThere(join(home, ".kube/config"));
  if (usual !== undefined) return mergeKubeconfigs([usual]);
  const own = inCluster(env, serviceAccount);
  if (own !== undefined) return own;
  throw new KmError("CFG_002", "There is no kubeconfig: neither KUBECONFIG nor ~/.kube/config, and this is no pod", {
    hint: "Name one: km serve kubernetes --set kubernetes.kubeconfig=<file>.",
  });
}

/** `~/x` is within the home. */
export function fromHome(path: string, home: string | undefined): string {
  return path.startsWith("~/") && home !== undefined ? join(home, path.slice(2)) : path;
}

function required(path: string): KubeconfigFile {
  const found = readIfThere(path);
  if (found !== undefined) return found;
  throw new KmError("CFG_002", `There is no kubeconfig at ${path}`, { hint: "See kubernetes.kubeconfig." });
}

function readIfThere(path: string): KubeconfigFile | undefined {
  try {
    return { path, text: readFileSync(path, "utf8") };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new KmError("CFG_001", `Cannot read the kubeconfig ${path}: ${systemReason(error)}`, { cause: error });
  }
}

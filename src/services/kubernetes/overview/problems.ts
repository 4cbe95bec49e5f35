/** `problemOf`: what is wrong with an object, as the columns of its kind tell; undefined where nothing is. */

/** @param cell the text of a column, empty where there is none */
export function problemOf(kind: string, cell: (column: string) => string): string | undefined {
  const status = cell("STATUS");
  switch (kind) {
    case "Pod":
      return podProblem(status, cell("READY"), cell("RESTARTS"));
    case "Node":
      return status.split(",").includes("Ready") ? undefined : status;
    case "PersistentVolumeClaim":
      return status === "Bound" ? undefined : status;
    case "Deployment":
    case "StatefulSet":
      return isShort(cell("READY")) ? `${cell("READY")} ready` : undefined;
    case "DaemonSet":
      return Number(cell("READY")) < Number(cell("DESIRED")) ? `${cell("READY")}/${cell("DESIRED")} ready` : undefined;
    default:
      return undefined;
  }
}

function podProblem(status: string, ready: string, restarts: string): string | undefined {
  if (status === "Completed" || status === "Succeeded") return undefined;
  const often = Number.parseInt(restarts, 10) >= 5 ? `${restarts} restarts` : undefined;
  if (status !== "Running") return [status, often].filter(Boolean).join(", ");
  return isShort(ready) ? [`${ready} ready`, often].filter(Boolean).join(", ") : undefined;
}

function isShort(ready: string): boolean {
  const [have, want] = ready.split("/").map(Number);
  return have !== undefined && want !== undefined && have < want;
}

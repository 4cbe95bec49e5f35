/** `containersSection`: the containers of a pod, or of a template for pods: what they are, how they are, why they ended. */
import { age } from "../../age.ts";
import { listAt, mappingAt, member, numberAt, textAt } from "../../member.ts";
import { type Section, section } from "./section.ts";

/** @param pod masked. One without a status is a template */
export function containersSection(pod: unknown): Section[] {
  const kinds = [
    { list: "initContainers", statuses: "initContainerStatuses", prefix: "init " },
    { list: "containers", statuses: "containerStatuses", prefix: "" },
    { list: "ephemeralContainers", statuses: "ephemeralContainerStatuses", prefix: "ephemeral " },
  ];
  const lines = kinds.flatMap(({ list, statuses, prefix }) =>
    listAt(pod, "spec", list).flatMap((container) => {
      const name = textAt(container, "name") ?? "";
      const status = listAt(pod, "status", statuses).find((one) => textAt(one, "name") === name);
      return [
        `${prefix}${name}: ${textAt(container, "image") ?? ""}`,
        ...detailsOf(container, status).map((one) => `  ${one}`),
      ];
    }),
  );
  return section("Containers", lines);
}

function detailsOf(container: unknown, status: unknown): string[] {
  const lines: string[] = [];
  if (status !== undefined) {
    const ready = member(status, "ready") === true ? "ready" : "not ready";
    lines.push(`${stateText(member(status, "state"))}, ${ready}, ${numberAt(status, "restartCount") ?? 0} restarts`);
    const last = mappingAt(status, "lastState");
    if (Object.keys(last).length > 0) lines.push(`before: ${stateText(last)}`);
  }
  const ports = listAt(container, "ports").map(
    (port) => `${numberAt(port, "containerPort")}/${textAt(port, "protocol") ?? "TCP"}`,
  );
  if (ports.length > 0) lines.push(`ports: ${ports.join(", ")}`);
  for (const what of ["requests", "limits"]) {
    const amounts = Object.entries(mappingAt(container, "resources", what)).map(
      ([name, value]) => `${name}=${String(value)}`,
    );
    if (amounts.length > 0) lines.push(`${what}: ${amounts.join(", ")}`);
  }
  const command = [...listAt(container, "command"), ...listAt(container, "args")].map(String);
  if (command.length > 0) lines.push(`command: ${command.join(" ").slice(0, 500)}`);
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const found = mappingAt(container, probe);
    if (Object.keys(found).length > 0) lines.push(`${probe.replace("Probe", " probe")}: ${probeText(found)}`);
  }
  const variables = [
    ...listAt(container, "env").map(variableText),
    ...listAt(container, "envFrom").map((from) => `all of ${sourceText(from)}`),
  ];
  if (variables.length > 0) lines.push(`env: ${variables.join(", ")}`);
  const mounts = listAt(container, "volumeMounts").map(
    (one) => `${textAt(one, "mountPath")} from ${textAt(one, "name")}`,
  );
  if (mounts.length > 0) lines.push(`mounts: ${mounts.join(", ")}`);
  return lines;
}

/** @param state of a container status: one of `waiting`, `running`, `terminated` is there */
export function stateText(state: unknown): string {
  const waiting = member(state, "waiting");
  if (waiting !== undefined) return `waiting: ${reasonText(waiting)}`;
  const started = textAt(state, "running", "startedAt");
  if (started !== undefined) return `running for ${age(started)}`;
  const ended = member(state, "terminated");
  if (ended === undefined) return "not begun";
  const finished = textAt(ended, "finishedAt");
  const when = finished === undefined ? "" : `, ${age(finished)} ago`;
  return `ended with ${numberAt(ended, "exitCode") ?? "?"}: ${reasonText(ended)}${when}`;
}

function reasonText(state: unknown): string {
  const parts = [textAt(state, "reason"), textAt(state, "message")?.trim().slice(0, 500)];
  return parts.filter(Boolean).join(": ") || "no reason given";
}

function variableText(variable: unknown): string {
  const name = textAt(variable, "name") ?? "";
  const from = mappingAt(variable, "valueFrom");
  const [kind, source] = Object.entries(from)[0] ?? [];
  if (kind === undefined) return `${name}=${(textAt(variable, "value") ?? "").slice(0, 200)}`;
  const of = [
    textAt(source, "name"),
    textAt(source, "key") ?? textAt(source, "fieldPath") ?? textAt(source, "resource"),
  ];
  return `${name} from ${kind.replace("KeyRef", "").replace("Ref", "")} ${of.filter(Boolean).join("/")}`;
}

function sourceText(from: unknown): string {
  const secret = textAt(from, "secretRef", "name");
  return secret === undefined ? `config map ${textAt(from, "configMapRef", "name") ?? ""}` : `secret ${secret}`;
}

function probeText(probe: Record<string, unknown>): string {
  const http = mappingAt(probe, "httpGet");
  const ports = [member(http, "port"), member(probe, "tcpSocket", "port"), member(probe, "grpc", "port")];
  const port = ports.find((one) => typeof one === "number" || typeof one === "string") ?? "";
  const what =
    Object.keys(http).length > 0
      ? `GET :${port}${textAt(http, "path") ?? "/"}`
      : "exec" in probe
        ? `exec ${listAt(probe, "exec", "command").map(String).join(" ").slice(0, 200)}`
        : `connect :${port}`;
  return `${what} every ${numberAt(probe, "periodSeconds") ?? 10}s, delay ${numberAt(probe, "initialDelaySeconds") ?? 0}s, ${numberAt(probe, "failureThreshold") ?? 3} failures`;
}

/** `postgresErrors`: what PostgreSQL or the way to it says went wrong, with its SQLSTATE, and what can be done about it. */
import type { ErrorCode } from "../../../errors.ts";
import { KmError, messageOf } from "../../../errors.ts";
import type { ErrorReader } from "../connection.ts";
import { secretByName } from "../sql/secret-names.ts";
import { withoutValues } from "../sql/without-values.ts";

export function postgresErrors(label: string): ErrorReader {
  return (error, signal, said = { sql: "", parameters: [] }) => {
    if (error instanceof KmError) return error;
    if (!(error instanceof Bun.SQL.PostgresError)) return lost(label, messageOf(error), signal);
    const { errno: state, code, message, detail, hint, position } = error;
    if (state === undefined || !/^[0-9A-Z]{5}$/.test(state)) return lost(label, `${message} (${code})`, signal);
    if (state === "57014") return late(label);
    const where = position === undefined ? "" : `, at character ${Number(position) - (said.offset ?? 0)}`;
    const isBroken = state.startsWith("23");
    // Of constraints and logins it quotes names alone.
    const what = isBroken || state.startsWith("28") ? message : withoutValues(message, said);
    const more = detail === undefined ? "" : isBroken ? `: ${keys(detail)}` : withoutValues(`: ${detail}`, said);
    const advice = [hint, adviceFor(state)].filter((one) => one !== undefined && one !== "").join(" ");
    return new KmError(
      codeFor(state),
      `${label}: ${what}${state.startsWith("22") ? "" : more} (SQLSTATE ${state}${where})`,
      {
        ...(advice !== "" && { hint: advice }),
      },
    );
  };
}

/** Of a constraint that does not hold: a whole row, or the values of a key, which the server tells only to whom may read it. */
function keys(detail: string): string {
  if (detail.startsWith("Failing row contains ")) return "a row does not fit";
  const [, names = ""] = /^Key \(([^]*?)\)=\(/.exec(detail) ?? [];
  const isSecret = names.split(/[^\w$\u0080-\uffff]+/).some((name) => secretByName(name) !== undefined);
  return isSecret ? `of the key (${names})` : detail;
}

export function late(label: string): KmError {
  return new KmError("SVC_003", `${label} has not finished the statement in time, so it was ended there`, {
    hint: "Ask for less, see database_explain, or allow more time: timeout of the connection in services.yaml.",
  });
}

/** It has taken the connection and said nothing, or has no connection left. */
export function silent(label: string): KmError {
  return new KmError("SVC_003", `${label} has not answered in time: there was no login yet, and nothing was asked`, {
    hint: "See that it is a database of this kind that answers at its host and port, and whether it has connections left.",
  });
}

/** Of the connection, not of the statement. */
export function lost(label: string, reason: string, signal: AbortSignal): KmError {
  if (signal.aborted) return late(label);
  return new KmError("SVC_003", `${label} cannot be reached: ${reason}`, {
    hint: "Check that it runs, its host and port, and tls in services.yaml. Try again.",
  });
}

function codeFor(state: string): ErrorCode {
  if (state.startsWith("28") || state === "42501") return "SVC_004";
  if (state === "25006") return "SVC_002";
  if (state === "53300") return "SVC_005";
  if (/^(?:08|57P)/.test(state)) return "SVC_003";
  if (/^(?:3D000|3F000|42P01|42703|42883|42704)$/.test(state)) return "SVC_006";
  return /^(?:53|58|XX)/.test(state) ? "SVC_008" : "SVC_007";
}

function adviceFor(state: string): string | undefined {
  if (state.startsWith("28"))
    return "Whoever runs this server has to say who it is: url and password in services.yaml.";
  if (state === "42501") return "The role of this connection may not do that.";
  if (state === "25006") return "This only reads. What changes something goes by database_execute or database_modify.";
  if (state === "55P03") return "Others hold a lock on it: try again when they have finished.";
  if (state === "53300") return "Try again when other clients have left.";
  return undefined;
}

/** `mysqlErrors`: what MySQL or MariaDB or the way to it says went wrong, with its number and SQLSTATE. */
import type { ErrorCode } from "../../../errors.ts";
import { KmError, messageOf } from "../../../errors.ts";
import type { ErrorReader } from "../connection.ts";
import { late, lost } from "../postgres/postgres-error.ts";
import { withoutValues } from "../sql/without-values.ts";

/** Numbers of errors: https://mariadb.com/kb/en/mariadb-error-codes/ */
const ENDED = new Set([1317, 1969, 3024]);
const NO_ACCESS = new Set([1044, 1045, 1142, 1143, 1227, 1370, 1698]);
const ABSENT = new Set([1049, 1051, 1054, 1109, 1146, 1305]);
const LOCKED = new Set([1205, 1213]);
const READ_ONLY = new Set([1290, 1792]);
const TOO_MANY = new Set([1040, 1203, 1226]);
/** What they quote are names of the schema, or the statement. */
const OF_NAMES = new Set([
  1046, 1048, 1052, 1055, 1056, 1060, 1061, 1064, 1066, 1068, 1071, 1072, 1091, 1101, 1136, 1140, 1235, 1248, 1264,
  1364, 1406, 1442, 1443, 1451, 1452,
]);
const SHUTTING_DOWN = new Set([1053, 1077, 1079]);

export function mysqlErrors(label: string): ErrorReader {
  return (error, signal, said = { sql: "", parameters: [] }) => {
    if (error instanceof KmError) return error;
    if (!(error instanceof Bun.SQL.MySQLError)) return lost(label, messageOf(error), signal);
    const { errno, sqlState, code, message } = error;
    if (errno === undefined || sqlState === undefined) return lost(label, `${message} (${code})`, signal);
    if (ENDED.has(errno)) return late(label);
    const hint = adviceFor(errno);
    const isOfNames = [NO_ACCESS, ABSENT, LOCKED, READ_ONLY, TOO_MANY, SHUTTING_DOWN, OF_NAMES].some((one) =>
      one.has(errno),
    );
    const what = isOfNames
      ? message
      : withoutValues(message, said, (quoted) => message.endsWith(` for key '${quoted}'`));
    return new KmError(codeFor(errno), `${label}: ${what} (error ${errno}, SQLSTATE ${sqlState})`, {
      ...(hint !== undefined && { hint }),
    });
  };
}

function codeFor(errno: number): ErrorCode {
  if (NO_ACCESS.has(errno)) return "SVC_004";
  if (ABSENT.has(errno)) return "SVC_006";
  if (READ_ONLY.has(errno)) return "SVC_002";
  if (TOO_MANY.has(errno)) return "SVC_005";
  return SHUTTING_DOWN.has(errno) ? "SVC_003" : "SVC_007";
}

function adviceFor(errno: number): string | undefined {
  if (errno === 1045) return "Whoever runs this server has to say who it is: url and password in services.yaml.";
  if (NO_ACCESS.has(errno)) return "The account of this connection may not do that.";
  if (READ_ONLY.has(errno))
    return "This only reads. What changes something goes by database_execute or database_modify.";
  if (LOCKED.has(errno)) return "Others hold a lock on it: try again when they have finished.";
  return TOO_MANY.has(errno) ? "Try again when other clients have left." : undefined;
}

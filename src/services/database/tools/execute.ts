/** The tools that change something: `database_execute`, which adds, and `database_modify`, which may lose something. */
import * as v from "valibot";
import { KmError } from "../../../errors.ts";
import { connectionArgument } from "../../backend/connections.ts";
import { refuseMasks } from "../../refuse-masks.ts";
import { type Answer, type Preview, tool, type ToolCall } from "../../tool.ts";
import {
  type Cell,
  type Change,
  type ChangeRequest,
  type Connection,
  connectionOf,
  type DatabaseBackend,
  type Dialect,
} from "../connection.ts";
import { shownRows } from "../shown-rows.ts";
import { maskedParameters, maskedStatement } from "../sql/masked-statement.ts";
import { changeKind, firstWord, oneStatement } from "../sql/one-statement.ts";
import { isSymbol, isWord } from "../sql/tokens.ts";
import { parametersArgument, recordedStatement, sqlArgument } from "./arguments.ts";
import { counted } from "../../../counted.ts";

type Call = ToolCall<DatabaseBackend>;

const input = v.strictObject({ sql: sqlArgument, parameters: parametersArgument, connection: connectionArgument });
const output = v.object({ affected: v.number(), returned: v.array(v.unknown()), objects: v.array(v.string()) });
const CELL_BYTES = 500;
/** Of a statement that a person is asked about, who shall see all of it. */
const MOST_SQL = 8000;

export const execute = tool({
  name: "execute",
  title: "Add to a database",
  description:
    "Runs one statement that only adds: INSERT, CREATE TABLE, INDEX or VIEW, COMMENT, ANALYZE. dry_run does and undoes it.",
  access: "write",
  toolset: "write",
  payload: ["parameters"],
  recorded: recordedStatement,
  input,
  output,
  run: async (args, call: Call) => await ran(args, call, "adds"),
  preview: async (args, call: Call) => await previewed(args, call, "adds"),
});

export const modify = tool({
  name: "modify",
  title: "Change a database",
  description:
    "Runs one statement that changes or removes: UPDATE, DELETE, ALTER, DROP, TRUNCATE, GRANT and others. dry_run does and undoes it.",
  access: "destructive",
  toolset: "write",
  payload: ["parameters"],
  recorded: recordedStatement,
  input,
  output,
  run: async (args, call: Call) => await ran(args, call, "changes"),
  preview: async (args, call: Call) => await previewed(args, call, "changes"),
});

type Input = v.InferOutput<typeof input>;

async function changed(
  { sql, parameters, connection: name }: Input,
  { backend, signal }: Call,
  { kind, isKept }: { kind: "adds" | "changes"; isKept: boolean },
): Promise<{ change: Change; connection: Connection }> {
  const connection = connectionOf(backend, name);
  if (kind === "changes" && sql.length > MOST_SQL) {
    throw new KmError("SVC_001", `A person is to see the statement, and it has more than ${MOST_SQL} characters`, {
      hint: "Give values as parameters, or do it in several steps.",
    });
  }
  refuseMasks([sql, ...parameters]);
  const found = changeKind(oneStatement(sql, connection.dialect), connection.dialect);
  if (kind === "adds" && found === "changes") {
    throw new KmError("SVC_002", "database_execute only adds, and this statement may change or remove something", {
      hint: "Use database_modify, where whoever runs this server allows it.",
    });
  }
  const request: ChangeRequest = { sql, parameters, signal, isKept, hasPlainFunctions: kind === "adds" };
  return { change: await connection.change(request), connection };
}

async function ran(args: Input, call: Call, kind: "adds" | "changes"): Promise<Answer<v.InferInput<typeof output>>> {
  const { change } = await changed(args, call, { kind, isKept: true });
  const shown = shownRows(change.returned, call.mostBytes / 3, CELL_BYTES);
  return {
    data: {
      ...(change.affected !== undefined && { affected: change.affected }),
      affected: change.affected ?? 0,
      returned: shown.rows,
      objects: change.objects.slice(0, MOST_OBJECTS),
    },
    text: ["Done.", ...lines(change, shown.text)].join("\n"),
  };
}

const MOST_OBJECTS = 50;

async function previewed(args: Input, call: Call, kind: "adds" | "changes"): Promise<Preview> {
  const { change, connection } = await changed(args, call, { kind, isKept: false });
  const { label, dialect } = connection;
  const shown = shownRows(change.returned, call.mostBytes / 3, CELL_BYTES);
  const sql = maskedStatement(args.sql, dialect);
  const values = JSON.stringify(maskedParameters(args.sql, args.parameters, dialect));
  const shownValues =
    values.length > MOST_SHOWN ? `${values.slice(0, MOST_SHOWN)}... [cut: ${values.length} characters]` : values;
  const what =
    change.untried === undefined
      ? "It was done and undone to see what it does"
      : `It was not tried out: ${change.untried}`;
  return {
    summary: `Runs a statement in ${label}. ${[what, ...lines(change, shown.text)].join("\n")}`,
    detail: args.parameters.length === 0 ? sql : `${sql}\nwith ${shownValues}`,
    bound: JSON.stringify([
      label,
      change.affected,
      change.objects,
      change.untried,
      settledRows(args.sql, dialect, change),
    ]),
  };
}

/** Rows that others return may have times and numbers of sequences, which go on; those that are deleted are as they are. */
function settledRows(sql: string, dialect: Dialect, { returned }: Change): Cell[][] {
  const tokens = oneStatement(sql, dialect);
  const at = tokens.findLastIndex((token) => isWord(token, "returning"));
  const isSettled = firstWord(tokens) === "delete" && !tokens.slice(at).some((token) => isSymbol(token, "("));
  return isSettled ? returned.rows : [];
}

/** Of values. */
const MOST_SHOWN = 2000;

function lines({ affected, returned, objects }: Change, text: string): string[] {
  return [
    ...(affected === undefined ? [] : [counted(affected, "row affected", "rows affected")]),
    ...objects.slice(0, MOST_OBJECTS),
    ...(objects.length > MOST_OBJECTS ? [`and ${objects.length - MOST_OBJECTS} more`] : []),
    ...(returned.columns.length === 0 ? [] : [text]),
    ...(returned.hasMore ? ["and more rows"] : []),
  ];
}

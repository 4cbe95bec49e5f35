/** `jsonArguments`: what `--json` of `km call` was given, before a server is started for it. */
import { echoed } from "../echoed.ts";
import { KmError } from "../errors.ts";
import { isJson } from "../is-json.ts";
import { isObject } from "../wire/jsonrpc.ts";

/** Other commands have a `--json` that takes no value. */
export const JSON_ARGUMENTS_HINT =
  'It gives the arguments: --json \'{"name": "value"}\'. To have the answer printed as JSON, use --output json.';

/** @throws KmError USAGE for what is no object */
export function jsonArguments(json: string): string {
  if (isJson(json) && isObject(JSON.parse(json))) return json;
  const hint = json.trimStart().startsWith("{") ? {} : { hint: JSON_ARGUMENTS_HINT };
  throw new KmError("USAGE", `Flag --json needs the arguments as a JSON object, not "${echoed(json)}"`, hint);
}

/** `hasProgressToken`: whether a request asks for its progress, however the name is written: escapes are as good as letters. */
import { isObject, type Message } from "../wire/jsonrpc.ts";

export function hasProgressToken({ value }: Message): boolean {
  const { params } = value;
  const meta = isObject(params) ? params["_meta"] : undefined;
  return isObject(meta) && Object.hasOwn(meta, "progressToken");
}

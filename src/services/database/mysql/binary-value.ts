/**
 * `mysqlCell`: a value in the binary protocol of MySQL and MariaDB, exact: of whole numbers that a double cannot hold, decimals and
 * times their texts. https://mariadb.com/kb/en/resultset-row/#binary-resultset-row
 */
import { bytesCell, floatCell, numberCell } from "../cells.ts";
import type { Cell } from "../connection.ts";

const UNSIGNED = 32;
const BINARY = 128;

const TYPES: Record<number, string> = {
  0: "decimal",
  1: "tinyint",
  2: "smallint",
  3: "int",
  4: "float",
  5: "double",
  6: "null",
  7: "timestamp",
  8: "bigint",
  9: "mediumint",
  10: "date",
  11: "time",
  12: "datetime",
  13: "year",
  15: "varchar",
  16: "bit",
  245: "json",
  246: "decimal",
  247: "enum",
  248: "set",
  249: "tinyblob",
  250: "mediumblob",
  251: "longblob",
  252: "blob",
  253: "varchar",
  254: "char",
  255: "geometry",
};

export interface BinaryColumn {
  type: number;
  flags?: number;
}

export function mysqlType({ type, flags = 0 }: BinaryColumn): string {
  const name = TYPES[type] ?? `type ${type}`;
  if (name.endsWith("blob") && (flags & BINARY) === 0) return name.replace("blob", "text");
  return (flags & UNSIGNED) !== 0 && name.endsWith("int") ? `${name} unsigned` : name;
}

export function mysqlCell(bytes: Uint8Array | null, { type, flags = 0 }: BinaryColumn): Cell {
  if (bytes === null) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isUnsigned = (flags & UNSIGNED) !== 0;
  switch (TYPES[type]) {
    case "tinyint":
    case "smallint":
    case "year":
    case "int":
    case "mediumint":
      return whole(buffer, isUnsigned);
    case "bigint":
      return String(isUnsigned ? buffer.readBigUInt64LE() : buffer.readBigInt64LE());
    case "float":
      return floatCell(buffer.readFloatLE());
    case "double":
      return numberCell(buffer.readDoubleLE());
    case "date":
    case "datetime":
    case "timestamp":
      return moment(buffer, TYPES[type] !== "date");
    case "time":
      return span(buffer);
    case "bit":
    case "geometry":
      return bytesCell(buffer);
    default:
      return textOrBytes(buffer);
  }
}

function whole(buffer: Buffer, isUnsigned: boolean): number {
  const size = Math.min(buffer.length, 4);
  return isUnsigned ? buffer.readUIntLE(0, size) : buffer.readIntLE(0, size);
}

/** `2020-01-02 03:04:05.678901`; a part that is 0 to its end is not sent. */
function moment(buffer: Buffer, hasTime: boolean): string {
  const at = (index: number): number => buffer[index] ?? 0;
  const year = buffer.length >= 2 ? buffer.readUInt16LE() : 0;
  const date = `${String(year).padStart(4, "0")}-${two(at(2))}-${two(at(3))}`;
  if (!hasTime) return date;
  return `${date} ${two(at(4))}:${two(at(5))}:${two(at(6))}${microseconds(buffer, 7)}`;
}

/** `-100:00:01.500000` */
function span(buffer: Buffer): string {
  if (buffer.length < 8) return "00:00:00";
  const hours = buffer.readUInt32LE(1) * 24 + buffer.readUInt8(5);
  const sign = buffer.readUInt8(0) === 0 ? "" : "-";
  return `${sign}${two(hours)}:${two(buffer.readUInt8(6))}:${two(buffer.readUInt8(7))}${microseconds(buffer, 8)}`;
}

function microseconds(buffer: Buffer, at: number): string {
  return buffer.length < at + 4 ? "" : `.${String(buffer.readUInt32LE(at)).padStart(6, "0")}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Which of them it is the server says only of some types. */
function textOrBytes(buffer: Buffer): string {
  try {
    return UTF8.decode(buffer);
  } catch {
    return bytesCell(buffer);
  }
}

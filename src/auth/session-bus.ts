/** A connection to the D-Bus session bus that can do one thing: call a method and take its answer. */
import { createConnection, type Socket } from "node:net";
import type { Environment } from "../config/paths.ts";

/** Arguments are strings and nothing else, which is all that is needed of the protocol's types. */
export interface BusCall {
  destination: string;
  path: string;
  interface: string;
  member: string;
  arguments?: string[];
}

/** The body as it came, to be read by who knows its type; or the name of the error. */
export type BusAnswer = { body: DataView; littleEndian: boolean } | { error: string };

export interface SessionBus extends Disposable {
  call(call: BusCall): Promise<BusAnswer>;
}

/** The socket, for `createConnection`; undefined where there is no bus, or only one over the network. */
export function sessionBusSocket(env: Environment): string | undefined {
  const addresses = (env["DBUS_SESSION_BUS_ADDRESS"] ?? "").split(";").filter((one) => one !== "");
  for (const address of addresses) {
    const [, key, value] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
    if (value !== undefined) return (key === "abstract" ? "\0" : "") + decodeURIComponent(value);
  }
  const runtime = env["XDG_RUNTIME_DIR"];
  return addresses.length === 0 && runtime ? `${runtime}/bus` : undefined;
}

/**
 * Waits for ever where the other side does: it is for a process that is ended in time.
 *
 * @throws a system error where nobody listens, an Error where this user is not let in
 */
export async function connectToBus(path: string, user: number): Promise<SessionBus> {
  const socket = createConnection({ path });
  const read = reader(socket);
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(user)).toString("hex")}\r\n`);
  const answer = await line(read);
  if (!answer.startsWith("OK ")) throw new Error(`the session bus refuses this user: ${answer}`);
  socket.write("BEGIN\r\n");
  let serial = 0;
  const call = async (one: BusCall): Promise<BusAnswer> => {
    socket.write(encodeCall(one, ++serial));
    return await answerTo(serial, read);
  };
  const bus = "org.freedesktop.DBus";
  await call({ destination: bus, path: "/org/freedesktop/DBus", interface: bus, member: "Hello" });
  return { call, [Symbol.dispose]: () => void socket.destroy() };
}

type Read = (bytes: number) => Promise<Buffer>;

function reader(socket: Socket): Read {
  const chunks = socket[Symbol.asyncIterator]();
  let pending = Buffer.alloc(0);
  return async (bytes) => {
    while (pending.length < bytes) {
      const next: IteratorResult<Buffer> = await chunks.next();
      if (next.done) throw new Error("the session bus hung up");
      pending = Buffer.concat([pending, next.value]);
    }
    const taken = pending.subarray(0, bytes);
    pending = pending.subarray(bytes);
    return taken;
  };
}

async function line(read: Read): Promise<string> {
  let text = "";
  while (!text.endsWith("\r\n")) text += (await read(1)).toString("latin1");
  return text.trimEnd();
}

const METHOD_CALL = 1;
const ERROR = 3;
const LITTLE_ENDIAN = "l".charCodeAt(0);
/** Header fields, as the D-Bus specification numbers them. */
const FIELD = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, destination: 6, signature: 8 };
const FIXED_BYTES = 16;
/** The specification allows no longer message. */
const MOST_BYTES = 128 * 1024 ** 2;

function encodeCall(call: BusCall, serial: number): Buffer {
  const { arguments: words = [] } = call;
  const body = encoder();
  for (const word of words) body.string(word);
  const fields = encoder();
  const field = (number: number, type: "o" | "s" | "g", value: string) => {
    fields.align(8);
    fields.bytes([number]);
    fields.signature(type);
    if (type === "g") fields.signature(value);
    else fields.string(value);
  };
  field(FIELD.path, "o", call.path);
  field(FIELD.interface, "s", call.interface);
  field(FIELD.member, "s", call.member);
  field(FIELD.destination, "s", call.destination);
  if (words.length > 0) field(FIELD.signature, "g", "s".repeat(words.length));
  const message = encoder();
  message.bytes([LITTLE_ENDIAN, METHOD_CALL, 0, 1]);
  for (const number of [body.length(), serial, fields.length()]) message.number(number);
  message.bytes(fields.take());
  message.align(8);
  message.bytes(body.take());
  return message.take();
}

/** Writes values as D-Bus aligns them; the parts it is used for begin on a multiple of 8. */
function encoder() {
  const written: number[] = [];
  const align = (to: number) => {
    while (written.length % to !== 0) written.push(0);
  };
  const number = (value: number) => {
    align(4);
    written.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  };
  return {
    align,
    number,
    bytes: (values: Iterable<number>) => void written.push(...values),
    string(text: string) {
      const bytes = Buffer.from(text);
      number(bytes.length);
      written.push(...bytes, 0);
    },
    signature: (text: string) => void written.push(text.length, ...Buffer.from(text), 0),
    length: () => written.length,
    take: () => Buffer.from(written),
  };
}

/** Passes over signals, of which the bus sends some unasked. */
async function answerTo(serial: number, read: Read): Promise<BusAnswer> {
  for (;;) {
    const fixed = view(await read(FIXED_BYTES));
    const littleEndian = fixed.getUint8(0) === LITTLE_ENDIAN;
    const [bodyBytes, fieldBytes] = [fixed.getUint32(4, littleEndian), fixed.getUint32(12, littleEndian)];
    if (bodyBytes + fieldBytes > MOST_BYTES) throw new Error("the session bus sent what is no message");
    const fields = decodeFields(view(await read(Math.ceil(fieldBytes / 8) * 8)), fieldBytes, littleEndian);
    const body = view(await read(bodyBytes));
    if (fields.get(FIELD.replySerial) !== serial) continue;
    const error = fields.get(FIELD.errorName);
    return fixed.getUint8(1) === ERROR ? { error: String(error) } : { body, littleEndian };
  }
}

/** Those that are strings or numbers: a message has no others. */
function decodeFields(data: DataView, end: number, littleEndian: boolean): Map<number, string | number> {
  const fields = new Map<number, string | number>();
  for (let at = 0; at < end;) {
    at = Math.ceil(at / 8) * 8;
    const name = data.getUint8(at);
    const type = String.fromCharCode(data.getUint8(at + 2));
    at += 4; // the name, and the signature: its length, its one letter and a zero
    const length = type === "g" ? data.getUint8(at) : data.getUint32(at, littleEndian);
    at += type === "g" ? 1 : 4;
    fields.set(name, type === "u" ? length : textAt(data, at, length));
    if (type !== "u") at += length + 1;
  }
  return fields;
}

/** A string or a path that stands at the start of a body. */
export function leadingString({ body, littleEndian }: { body: DataView; littleEndian: boolean }): string {
  return textAt(body, 4, body.getUint32(0, littleEndian));
}

/** A boolean in a variant that is the whole body: its signature "b", then four bytes. */
export function variantBoolean({ body, littleEndian }: { body: DataView; littleEndian: boolean }): boolean {
  return textAt(body, 1, 1) === "b" && body.getUint32(4, littleEndian) !== 0;
}

function textAt(data: DataView, at: number, length: number): string {
  return Buffer.from(data.buffer, data.byteOffset + at, length).toString();
}

function view(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

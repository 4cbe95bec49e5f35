/**
 * The few functions of the C library that the poll pump needs, through bun:ffi, for Linux and macOS. Of those that take
 * variable arguments `open` reads none unless it creates a file, and `fcntl` is the system's own affair.
 */
import { dlopen, type FFIFunction, type Pointer, ptr, read } from "bun:ffi";
import { KmError } from "../errors.ts";
import { LINUX } from "./libc-linux.ts";
import { MACOS } from "./libc-macos.ts";
import { cString } from "./libc-system.ts";

const SYMBOLS = {
  poll: { args: ["ptr", "u64", "int"], returns: "int" },
  read: { args: ["int", "ptr", "u64"], returns: "int" },
  write: { args: ["int", "ptr", "u64"], returns: "int" },
  send: { args: ["int", "ptr", "u64", "int"], returns: "int" },
  close: { args: ["int"], returns: "int" },
  dup2: { args: ["int", "int"], returns: "int" },
  pipe: { args: ["ptr"], returns: "int" },
  open: { args: ["ptr", "int", "int"], returns: "int" },
  sigaction: { args: ["int", "ptr", "ptr"], returns: "int" },
  fcntl: { args: ["int", "int", "int"], returns: "int" },
  lseek: { args: ["int", "i64", "int"], returns: "i64" },
} satisfies Record<string, FFIFunction>;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;
export const POLLNVAL = 32;

const SYSTEM = process.platform === "linux" ? LINUX : MACOS;

/** Not of node:os, which takes the pump's thread a millisecond and more to load before the first message. */
export const EAGAIN = SYSTEM.eagain;
const EINTR = 4;
/** For `send`: do not block, do not raise SIGPIPE. */
export const SEND_FLAGS = SYSTEM.sendFlags;
/** For `tcflush`: what has come and was not read. */
export const TCIFLUSH = SYSTEM.tciflush;

const O_RDWR = 2;
const SEEK_CUR = 1;

export type Libc = ReturnType<typeof load>;

let loaded: Libc | undefined;

/** @throws where there is no such library */
export function openLibc(): Libc {
  return (loaded ??= load());
}

function load() {
  const { symbols } = dlopen(libraryName(), SYMBOLS);
  const location = SYSTEM.errnoLocation();
  if (location === null) throw new Error("errno has no address");
  return { ...symbols, errno: (): number => read.i32(location, 0) };
}

/** Whether the last call failed for the moment only. */
/** @returns how many bytes it took: none when it is to be tried again, -1 when nobody reads it any more */
export function writeTo(libc: Libc, { fd, socket, limit }: Output, at: number, length: number): number {
  const most = Math.min(length, limit);
  const from = at as Pointer; // where the caller has put them
  const written = socket ? libc.send(fd, from, most, SEND_FLAGS) : libc.write(fd, from, most);
  return written < 0 && mayTryAgain(libc) ? 0 : written;
}

export function mayTryAgain(libc: Libc): boolean {
  const errno = libc.errno();
  return errno === EAGAIN || errno === EINTR;
}

/**
 * Of the C library.
 *
 * @throws on Windows, which would look for such a name in the working directory too
 */
export function libraryName(): string {
  if (process.platform === "win32") throw new Error("Windows has no such library");
  return SYSTEM.library;
}

/**
 * A pipe of which neither end is inherited by children unless it is passed to them.
 *
 * @param writeNonBlocking the write end never blocks; on macOS, where that cannot be had, see `ownPipe`
 * @throws KmError SRV_001 when the process has no descriptors left
 */
export function openPipe(libc: Libc, writeNonBlocking: boolean): { readEnd: number; writeEnd: number } {
  const ends = new Int32Array(new ArrayBuffer(8));
  if (libc.pipe(ptr(ends)) !== 0) {
    throw new KmError("SRV_001", `Cannot start the server: no pipe to it can be opened (errno ${libc.errno()})`, {
      hint: "Usually too many files are open: see ulimit -n.",
      exitCode: 126,
    });
  }
  const [readEnd = -1, writeEnd = -1] = ends;
  SYSTEM.preparePipe(libc.fcntl, { readEnd, writeEnd }, writeNonBlocking);
  return { readEnd, writeEnd };
}

/** How to write to a descriptor without ever blocking the pump. */
export interface Output {
  fd: number;
  socket: boolean;
  /** At most this many bytes at once, and only after poll said that it is writable. */
  limit: number;
}

/** The write end of a pipe from `openPipe`. */
export function ownPipe(fd: number): Output {
  return { fd, socket: false, limit: SYSTEM.ownPipeLimit };
}

/**
 * Prepares a descriptor that came from the client, such as stdout. Its own flags stay as they are, since the client may
 * share that open file with others: a socket has a flag for each send, a pipe or terminal is opened anew through /proc,
 * a regular file never blocks for long, and for the rest POSIX promises that a writable pipe takes PIPE_BUF bytes.
 */
export function prepareOutput(libc: Libc, fd: number): Output {
  if (libc.send(fd, ptr(new Uint8Array(1)), 0, SEND_FLAGS) === 0) return { fd, socket: true, limit: Infinity };
  if (libc.lseek(fd, 0n, SEEK_CUR) >= 0n) return { fd, socket: false, limit: Infinity };
  const reopened = SYSTEM.reopen(libc.open, fd);
  return reopened >= 0
    ? { fd: reopened, socket: false, limit: Infinity }
    : { fd, socket: false, limit: SYSTEM.pipeBuf };
}

/** Closes what `fd` is connected to, but keeps the number taken, so that no file opened later gets it. */
export function disconnect(libc: Libc, fd: number): void {
  const nothing = libc.open(cString("/dev/null"), O_RDWR | SYSTEM.closeOnExec, 0);
  if (nothing < 0) return;
  libc.dup2(nothing, fd);
  libc.close(nothing);
}

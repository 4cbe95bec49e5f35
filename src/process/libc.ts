/**
 * The few functions of the C library that the poll pump needs, through bun:ffi, for Linux and macOS.
 *
 * `fcntl` takes variable arguments, which arm64 macOS passes differently and bun:ffi cannot: it is called on Linux only.
 * `open` has them too, but reads none unless it creates a file.
 */
import { dlopen, type FFIFunction, type Pointer, ptr, read } from "bun:ffi";
import { KmError } from "../errors.ts";

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

/** Set by the build for the musl targets. */
declare const KM_MUSL: boolean | undefined;

const linux = process.platform === "linux";

/** Error numbers, where Linux and macOS differ. */
export const EINTR = 4;
export const EAGAIN = linux ? 11 : 35;
/** For `send`: do not block, do not raise SIGPIPE. */
export const SEND_FLAGS = linux ? 0x40 | 0x4000 : 0x80;

const O_WRONLY = 1;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_SETFD = 2;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const FD_CLOEXEC = 1;
const SEEK_CUR = 1;
const PIPE_BUF = linux ? 4096 : 512;

/** Larger than the default 64 KiB: fewer turns of the loop for bulk traffic. */
export const PIPE_BYTES = 1 << 18;

export type Libc = ReturnType<typeof load>;

let loaded: Libc | undefined;

/** @throws where there is no such library */
export function openLibc(): Libc {
  return (loaded ??= load());
}

function load() {
  const { symbols } = dlopen(libraryName(), SYMBOLS);
  const location = linux
    ? dlopen(libraryName(), { __errno_location: { args: [], returns: "ptr" } }).symbols.__errno_location()
    : dlopen(libraryName(), { __error: { args: [], returns: "ptr" } }).symbols.__error();
  if (location === null) throw new Error("errno has no address");
  return { ...symbols, errno: (): number => read.i32(location, 0) };
}

/** Of the C library. */
export function libraryName(): string {
  if (!linux) return "libSystem.B.dylib";
  return typeof KM_MUSL !== "undefined" && KM_MUSL
    ? `/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`
    : "libc.so.6";
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
  if (linux) {
    libc.fcntl(readEnd, F_SETFD, FD_CLOEXEC);
    libc.fcntl(writeEnd, F_SETFD, FD_CLOEXEC);
    libc.fcntl(writeEnd, F_SETPIPE_SZ, PIPE_BYTES);
    if (writeNonBlocking) libc.fcntl(writeEnd, F_SETFL, O_NONBLOCK);
  }
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
  return { fd, socket: false, limit: linux ? Infinity : PIPE_BUF };
}

/**
 * Prepares a descriptor that came from the client, such as stdout. Its own flags stay as they are, since the client may
 * share that open file with others: a socket has a flag for each send, a pipe or terminal is opened anew through /proc,
 * a regular file never blocks for long, and for the rest POSIX promises that a writable pipe takes PIPE_BUF bytes.
 */
export function prepareOutput(libc: Libc, fd: number): Output {
  if (libc.send(fd, ptr(new Uint8Array(1)), 0, SEND_FLAGS) === 0) return { fd, socket: true, limit: Infinity };
  if (libc.lseek(fd, 0n, SEEK_CUR) >= 0n) return { fd, socket: false, limit: Infinity };
  const reopened = linux ? libc.open(cString(`/proc/self/fd/${fd}`), O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0) : -1;
  return reopened >= 0 ? { fd: reopened, socket: false, limit: Infinity } : { fd, socket: false, limit: PIPE_BUF };
}

/** Closes what `fd` is connected to, but keeps the number taken, so that no file opened later gets it. */
export function disconnect(libc: Libc, fd: number): void {
  const nothing = libc.open(cString("/dev/null"), linux ? O_RDWR | O_CLOEXEC : O_RDWR, 0);
  if (nothing < 0) return;
  libc.dup2(nothing, fd);
  libc.close(nothing);
}

function cString(text: string): Pointer {
  return ptr(Buffer.from(`${text}\0`));
}

/** Which files a confined plugin may open on Linux: its own, and what every program needs of the system. */
import type { Confinement } from "./confinement.ts";
import { CHANGE, EXECUTE, type PathRule, READ, READ_FILE, WRITE_FILE } from "./landlock.ts";

/** @param searchPath the variable PATH */
export function fileRules(confinement: Confinement, searchPath: string): PathRule[] {
  const { readable, executable, writable, everyFile, system } = confinement;
  // A program to start can be any file that may be read.
  const read = system ? READ | EXECUTE : READ;
  const rules: PathRule[] = [
    ...LIBRARIES.map((path) => ({ path, rights: read })),
    ...STORES.map((path) => ({ path, rights: READ | EXECUTE })),
    ...LOADERS.map((path) => ({ path, rights: READ | EXECUTE })),
    ...SYSTEM_FILES.map((path) => ({ path, rights: READ })),
    ...DEVICES.map((path) => ({ path, rights: READ_FILE | WRITE_FILE })),
    ...readable.map((path) => ({ path, rights: read })),
    ...executable.map((path) => ({ path, rights: READ | EXECUTE, required: true as const })),
    ...writable.map((path) => ({ path, rights: read | CHANGE })),
  ];
  if (everyFile) rules.push({ path: "/", rights: read | CHANGE, required: true });
  if (system) {
    const folders = searchPath.split(":").filter((folder) => folder.startsWith("/") && folder !== "/");
    rules.push(
      ...[...PROGRAMS, ...folders].map((path) => ({ path, rights: READ | EXECUTE })),
      ...FILES_OF_PROGRAMS.map((path) => ({ path, rights: READ })),
    );
  }
  return rules;
}

const LIBRARIES = [
  "/lib",
  "/lib32",
  "/lib64",
  "/usr/lib",
  "/usr/lib32",
  "/usr/lib64",
  "/usr/share",
  "/usr/local/lib",
  "/usr/local/lib64",
];

/** Where NixOS and Guix keep every package, libraries and the loader among them. */
const STORES = ["/nix/store", "/gnu/store"];

/** The kernel starts a dynamically linked program through one of them. */
const LOADERS = [
  "/lib64/ld-linux-x86-64.so.2",
  "/lib/ld-linux-aarch64.so.1",
  "/lib/ld-musl-x86_64.so.1",
  "/lib/ld-musl-aarch64.so.1",
];

/** How much memory and how many processors there are, the time zone; Node does not start without OpenSSL's settings. */
const SYSTEM_FILES = [
  "/etc/ld.so.cache",
  "/etc/localtime",
  "/etc/ssl/openssl.cnf",
  "/proc/cpuinfo",
  "/proc/meminfo",
  "/proc/self",
  "/proc/stat",
  "/proc/sys/vm/overcommit_memory",
  "/sys/devices/system/cpu",
  "/sys/kernel/mm/transparent_hugepage",
];

const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

const PROGRAMS = ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/local/bin", "/usr/local/sbin"];

/**
 * What shells, git and the like do not run without. Each of them has a /proc/self of its own; of processes outside, /proc
 * shows the command line, but Landlock keeps their memory and environment closed.
 */
const FILES_OF_PROGRAMS = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/gitconfig", "/proc"];

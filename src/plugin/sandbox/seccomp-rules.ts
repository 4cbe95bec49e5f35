/**
 * Which system calls a plugin is refused, and with what error.
 *
 * Landlock governs the opening of files; these rules are for what goes past it: sockets, other processes, the kernel
 * itself, and a file's mode, owner and times. Calls that nothing here names are allowed.
 */
import type { CallName } from "./linux-call-numbers.ts";

export interface Rule {
  calls: CallName[];
  errno: number;
  /** The call is let through when all of them hold. */
  unless?: Condition[];
}

/** On the low 32 bits of an argument: all of these arguments are ints, or flags that end below bit 32. */
export interface Condition {
  /** 0 for the first. */
  argument: number;
  mask?: number;
  is: "one of" | "none of";
  values: number[];
}

export interface RuleFacts {
  /** The plugin's own process id, which execve keeps. */
  pid: number;
  /** May start programs. */
  system: boolean;
  /** May read and change every file. */
  everyFile: boolean;
  /** Version of Landlock's interface: what it governs by itself needs no rule here. */
  landlock: number;
}

export const EPERM = 1;
export const EACCES = 13;
/** Makes libraries fall back to an older call. */
export const ENOSYS = 38;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_TYPE_MASK = 0xf;

const CLONE_PARENT = 0x0000_8000;
const CLONE_THREAD = 0x0001_0000;
const CLONE_NEW_NAMESPACES = 0x7e02_0000;

const PR_SET_PDEATHSIG = 1;
const F_SETOWN = 8;
const F_SETSIG = 10;
const F_SETOWN_EX = 15;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const FIOSETOWN = 0x8901;
const SIOCSPGRP = 0x8902;

const O_ACCMODE = 3;
const O_TRUNC = 0o1000;

/** Since these versions Landlock governs truncation, and signals to processes outside. */
const LANDLOCK_TRUNCATE = 3;
const LANDLOCK_SIGNAL = 6;

export function seccompRules(facts: RuleFacts): Rule[] {
  return [
    ...SOCKETS,
    ...PROCESSES,
    ...(facts.system ? [] : NO_PROGRAMS),
    ...signals(facts),
    ...otherProcesses(facts.pid),
    ...KERNEL,
    ...(facts.everyFile ? [] : FILE_ATTRIBUTES),
    ...(facts.everyFile || facts.landlock >= LANDLOCK_TRUNCATE ? [] : TRUNCATION),
  ];
}

/** Not even AF_UNIX ones: behind a path such as docker.sock may be all of the machine. */
const SOCKETS: Rule[] = [
  { calls: ["socket", "connect", "bind", "listen"], errno: EACCES },
  {
    // A pair is a pipe in both directions, which event loops use. One of datagrams could also send to any path.
    calls: ["socketpair"],
    errno: EACCES,
    unless: [
      { argument: 0, is: "one of", values: [AF_UNIX] },
      { argument: 1, mask: SOCK_TYPE_MASK, is: "one of", values: [SOCK_STREAM, SOCK_SEQPACKET] },
    ],
  },
  // What it does is invisible to this filter.
  { calls: ["io_uring_setup", "io_uring_enter", "io_uring_register"], errno: ENOSYS },
];

const PROCESSES: Rule[] = [
  // Its flags lie in memory, where no filter can look: libraries fall back to clone.
  { calls: ["clone3"], errno: ENOSYS },
  {
    // A child of km's own, or a namespace in which it would have privileges.
    calls: ["clone"],
    errno: EPERM,
    unless: [{ argument: 0, mask: CLONE_PARENT | CLONE_NEW_NAMESPACES, is: "one of", values: [0] }],
  },
  // Whatever the plugin starts stays in its process group, which km can end as a whole.
  { calls: ["setsid", "setpgid"], errno: EPERM },
  { calls: ["prctl"], errno: EPERM, unless: [{ argument: 0, is: "none of", values: [PR_SET_PDEATHSIG] }] },
];

const NO_PROGRAMS: Rule[] = [
  { calls: ["fork", "vfork"], errno: EPERM },
  {
    calls: ["clone"],
    errno: EPERM,
    unless: [{ argument: 0, mask: CLONE_THREAD, is: "one of", values: [CLONE_THREAD] }],
  },
];

function signals({ pid, system, landlock }: RuleFacts): Rule[] {
  const scoped = landlock >= LANDLOCK_SIGNAL;
  const rules: Rule[] = [
    // The kernel would send these signals in the plugin's name.
    {
      calls: ["fcntl"],
      errno: EPERM,
      unless: [{ argument: 1, is: "none of", values: [F_SETOWN, F_SETSIG, F_SETOWN_EX] }],
    },
    { calls: ["ioctl"], errno: EPERM, unless: [{ argument: 1, is: "none of", values: [FIOSETOWN, SIOCSPGRP] }] },
  ];
  if (!scoped || !system) rules.push({ calls: ["pidfd_send_signal"], errno: ENOSYS });
  // The ids of the programs that it starts are not known yet.
  if (system) return rules;
  rules.push({
    calls: ["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"],
    errno: EPERM,
    unless: [{ argument: 0, is: "one of", values: [pid] }],
  });
  // It names a thread, and the plugin's threads are not known yet.
  if (!scoped) rules.push({ calls: ["tkill"], errno: EPERM });
  return rules;
}

/** To look into other processes, or to slow them down. */
function otherProcesses(pid: number): Rule[] {
  return [
    {
      calls: [
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "process_madvise",
        "process_mrelease",
        "pidfd_getfd",
        "kcmp",
        "move_pages",
        "migrate_pages",
        "setpriority",
        "ioprio_set",
      ],
      errno: EPERM,
    },
    {
      calls: ["prlimit64", "sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity"],
      errno: EPERM,
      unless: [{ argument: 0, is: "one of", values: [0, pid] }],
    },
    {
      // Memory and messages that programs of the same user share by number.
      calls: [
        "shmget",
        "shmat",
        "shmctl",
        "msgget",
        "msgsnd",
        "msgrcv",
        "msgctl",
        "semget",
        "semop",
        "semtimedop",
        "semctl",
        "mq_open",
        "mq_unlink",
      ],
      errno: EACCES,
    },
    // Typing into the terminal.
    { calls: ["ioctl"], errno: EPERM, unless: [{ argument: 1, is: "none of", values: [TIOCSTI, TIOCLINUX] }] },
  ];
}

/** What only administrators do, and doors through which the kernel itself was attacked. */
const KERNEL: Rule[] = [
  {
    calls: [
      "acct",
      "add_key",
      "adjtimex",
      "bpf",
      "chroot",
      "clock_adjtime",
      "clock_settime",
      "delete_module",
      "fanotify_init",
      "fanotify_mark",
      "finit_module",
      "fsconfig",
      "fsmount",
      "fsopen",
      "fspick",
      "init_module",
      "ioperm",
      "iopl",
      "kexec_file_load",
      "kexec_load",
      "keyctl",
      "modify_ldt",
      "mount",
      "mount_setattr",
      "move_mount",
      "name_to_handle_at",
      "open_by_handle_at",
      "open_tree",
      "open_tree_attr",
      "perf_event_open",
      "pivot_root",
      "quotactl",
      "quotactl_fd",
      "reboot",
      "request_key",
      "setdomainname",
      "sethostname",
      "setns",
      "settimeofday",
      "swapoff",
      "swapon",
      "syslog",
      "umount2",
      "unshare",
      "userfaultfd",
      "vhangup",
    ],
    errno: EPERM,
  },
];

/** Landlock does not govern them, nor that a folder is watched: they would work on every file of the user. */
const FILE_ATTRIBUTES: Rule[] = [
  {
    calls: [
      "chmod",
      "fchmod",
      "fchmodat",
      "fchmodat2",
      "chown",
      "fchown",
      "lchown",
      "fchownat",
      "setxattr",
      "lsetxattr",
      "fsetxattr",
      "setxattrat",
      "removexattr",
      "lremovexattr",
      "fremovexattr",
      "removexattrat",
      "utime",
      "utimes",
      "futimesat",
      "utimensat",
      "file_setattr",
      "inotify_add_watch",
    ],
    errno: EPERM,
  },
];

/** Where Landlock does not govern it: a file opened for reading could be emptied. */
const TRUNCATION: Rule[] = [
  { calls: ["truncate"], errno: EACCES },
  { calls: ["openat2"], errno: ENOSYS },
  { calls: ["openat"], errno: EACCES, unless: [emptiesNothing(2)] },
  { calls: ["open"], errno: EACCES, unless: [emptiesNothing(1)] },
];

function emptiesNothing(argument: number): Condition {
  return { argument, mask: O_ACCMODE | O_TRUNC, is: "none of", values: [O_TRUNC] };
}

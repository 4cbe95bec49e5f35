#!/usr/bin/env node
// Runs the km of this platform. Where npm runs install scripts, install.cjs has put that km in this file's place.
"use strict";
const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const { isatty } = require("node:tty");
const { findBinary } = require("../binary.cjs");

const words = process.argv.slice(2);
const binary = findBinary();
if (binary.path === undefined) {
  process.stderr.write(`km: ${binary.problem}\n`);
  process.exit(1);
}
// Nothing is between km and whoever started it, where Node can become another program.
if (process.platform !== "win32" && typeof process.execve === "function") {
  process.execve(binary.path, [binary.path, ...words], process.env);
}

// Before km starts, so that no signal ends this process alone. They are handled when what follows is done.
const terminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGBREAK"]) {
  if (!(signal in constants.signals)) continue;
  // The keys of a terminal reach the whole group, and so km too.
  const fromKeys = terminal && signal !== "SIGTERM";
  process.on(signal, () => fromKeys || child.kill(signal));
}
const child = spawn(binary.path, words, { stdio: "inherit" });
child.on("error", (error) => {
  process.stderr.write(`km: Cannot start ${binary.path}: ${error.message}\n`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // One that does not end this process.
  setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
});

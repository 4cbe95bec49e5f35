/** Words in front of a command: it is started by a program of its own then, which has nothing to do with this process. */

const START =
  'process.exit(await Bun.spawn(process.argv.slice(1), { stdio: ["inherit", "inherit", "inherit"] }).exited)';

export const STRANGER: readonly string[] = [process.execPath, "-e", START];

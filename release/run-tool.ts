/** `runTool`: runs a program that makes a package, and shows what it said only when it fails. */

export async function runTool(command: string[], time: Date): Promise<void> {
  const child = Bun.spawn(command, {
    env: { ...process.env, LC_ALL: "C", TZ: "UTC", SOURCE_DATE_EPOCH: String(time.getTime() / 1000) },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
}

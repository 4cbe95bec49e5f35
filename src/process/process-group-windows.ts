/** Windows: ends a process and all its descendants, which have no common group there. */
export function endTree(pid: number): void {
  Bun.spawnSync(["taskkill", "/pid", String(pid), "/t", "/f"], {
    stdio: ["ignore", "ignore", "ignore"],
    windowsHide: true,
  });
}

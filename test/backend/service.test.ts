/** The whole service when its surroundings fail it: a database that goes and comes back, a disk that is full. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openService } from "../../src/backend/service.ts";
import { listAuditEntries } from "../../src/store/audit-log.ts";
import { emptyPostgres, HAS_POSTGRES } from "../fixtures/postgres.ts";
import { type ApiService, startApiService } from "../fixtures/api-service.ts";
import { wayTo } from "../fixtures/way-to.ts";

setDefaultTimeout(60_000);

async function readiness(api: ApiService): Promise<number> {
  const response = await fetch(`${api.url}/readyz`);
  await response.body?.cancel();
  return response.status;
}

async function addCustomer(api: ApiService, authorization: string): Promise<Response> {
  return await fetch(`${api.url}/api/admin/customers`, {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ name: "x".repeat(200), tier: "free" }),
  });
}

test.skipIf(!HAS_POSTGRES)("PostgreSQL gone: 503 with Retry-After and not ready; back again: as before", async () => {
  using way = wayTo(await emptyPostgres());
  await using api = await startApiService({ database: way.url });
  const authorization = `Bearer ${await api.exchange(api.adminKey ?? "")}`;
  expect((await addCustomer(api, authorization)).status).toBe(201);
  way.cut();
  for (let i = 0; i < 3; i++) {
    const refused = await addCustomer(api, authorization);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({ code: "unavailable" });
  }
  expect(await readiness(api)).toBe(503);
  const unavailable = api.lines.filter((line) => line.includes('"database unavailable"'));
  expect(unavailable).toHaveLength(1);
  way.mend();
  while ((await readiness(api)) !== 200) await Bun.sleep(20);
  expect((await addCustomer(api, authorization)).status).toBe(201);
});

const MOUNTS = canMount();

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "km-mount-"));
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]).success;
  if (mounted) Bun.spawnSync(["umount", "-l", folder]);
  rmSync(folder, { recursive: true });
  return mounted;
}

function smallDisk(): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "km-disk-"));
  mkdirSync(folder, { recursive: true });
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  return {
    folder,
    [Symbol.dispose]() {
      Bun.spawnSync(["umount", "-l", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

test.skipIf(!MOUNTS)("a full disk: 503, and all is well when there is room again", async () => {
  using disk = smallDisk();
  await using api = await startApiService({ database: `sqlite://${disk.folder}/km.db` });
  const authorization = `Bearer ${await api.exchange(api.adminKey ?? "")}`;
  const filler = join(disk.folder, "filler");
  Bun.spawnSync(["dd", "if=/dev/zero", `of=${filler}`, "bs=4k"]); // until nothing is left
  let response = await addCustomer(api, authorization);
  for (let i = 0; i < 500 && response.status === 201; i++) response = await addCustomer(api, authorization);
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  writeFileSync(filler, "");
  expect((await addCustomer(api, authorization)).status).toBe(201);
});

// Windows keeps a file that is open.
test.skipIf(process.platform === "win32")(
  "a SQLite file that is deleted: nothing is acknowledged any more",
  async () => {
    await using api = await startApiService();
    const authorization = `Bearer ${await api.exchange(api.adminKey ?? "")}`;
    expect((await addCustomer(api, authorization)).status).toBe(201);
    rmSync(join(api.folder, "km.db"));
    expect((await addCustomer(api, authorization)).status).toBe(503);
    expect(await readiness(api)).toBe(503);
    expect(api.lines.join("")).toMatch(/"database unavailable".*km\.db was deleted or replaced/);
  },
);

test.skipIf(!MOUNTS)("a folder that can only be read is said", async () => {
  using disk = smallDisk();
  Bun.spawnSync(["mount", "-o", "remount,ro", disk.folder]);
  const failed = await startApiService({ database: `sqlite://${disk.folder}/km.db` }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "API_001", message: expect.stringContaining("cannot lock") });
});

test("a key that the first start cannot show is not kept; one that it can is in the audit log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "km-first-"));
  const keys: string[] = [];
  const start = (showFirstKey: (key: string) => Promise<void>) =>
    openService({
      database: `sqlite://${folder}/km.db`,
      packageFolder: join(folder, "packages"),
      hostname: "127.0.0.1",
      port: 0,
      write: () => undefined,
      showFirstKey,
    });
  try {
    const failed = await start(() => Promise.reject(new Error("nobody looks"))).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "API_001", message: "Cannot start kilometers-api: nobody looks" });
    for (let i = 0; i < 2; i++) {
      const service = await start((key) => Promise.resolve(void keys.push(key)));
      const audit = await listAuditEntries(service.deps.database, null, { limit: 9 });
      expect(audit).toMatchObject([{ actor: "km api serve", action: "key.create", address: null }]);
      await service.close(0);
    }
    expect(keys).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** TLS of the service `database`: whose certificate is taken, with a real PostgreSQL and a real MariaDB. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import database from "../../../src/services/database/service.ts";
import { type Certificates, makeCertificates } from "../../fixtures/certificates.ts";
import { HAS_POSTGRES, startPostgres } from "../../fixtures/postgres.ts";
import { openedService } from "../opened-service.ts";
import { MARIADB, startMariadb } from "./mariadb-server.ts";

const TIMEOUT = 60_000;
const HAS_BOTH = HAS_POSTGRES && MARIADB !== null;
const WHY = HAS_BOTH ? "" : " (skipped: PostgreSQL or MariaDB is not here)";

describe.skipIf(!HAS_BOTH)(`database: TLS${WHY}`, () => {
  let folder: string;
  let certificates: Certificates;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "km-database-tls-"));
    certificates = makeCertificates(folder);
    // The servers are others than who runs the tests.
    chmodSync(folder, 0o755);
    for (const name of ["server.key", "server.pem"]) {
      copyFileSync(certificates.file(name), join(folder, `own-${name}`));
      if (process.getuid?.() === 0) chownSync(join(folder, `own-${name}`), 65_534, 65_534);
      chmodSync(join(folder, `own-${name}`), 0o600);
    }
  }, TIMEOUT);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tried = async (url: string, tls: object, sql: string): Promise<string> => {
    await using service = await openedService(database, { url, tls });
    const { rows } = await service.run("query", { sql }).then(
      ({ data }) => data as { rows: unknown[][] },
      () => ({ rows: [["refused"]] }),
    );
    return String(rows[0]?.at(-1));
  };

  const CASES = (): [object, boolean][] => [
    [{ mode: "disable" }, false],
    [{ mode: "require" }, true],
    [{ ca: certificates.file("ca.pem") }, true],
    [{ mode: "verify-ca", ca: certificates.file("ca.pem") }, true],
  ];

  const REFUSED = (): object[] => [
    { mode: "verify-full" },
    { mode: "verify-full", ca: certificates.file("stranger.pem") },
    { ca: certificates.file("stranger.pem") },
    { mode: "verify-ca", ca: certificates.file("stranger.pem") },
  ];

  test(
    "PostgreSQL",
    async () => {
      const url = await startPostgres();
      const admin = new Bun.SQL(url, { max: 1 });
      await admin.unsafe(`alter system set ssl_cert_file = '${join(folder, "own-server.pem")}'`);
      await admin.unsafe(`alter system set ssl_key_file = '${join(folder, "own-server.key")}'`);
      await admin.unsafe("alter system set ssl = on");
      await admin.unsafe("select pg_reload_conf()");
      const sql = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
      // The server reads its settings when it gets to it.
      while ((await tried(url, { mode: "require" }, sql)) !== "true") await Bun.sleep(50);
      for (const [tls, isEncrypted] of CASES())
        expect([tls, await tried(url, tls, sql)]).toEqual([tls, String(isEncrypted)]);
      for (const tls of REFUSED()) expect([tls, await tried(url, tls, sql)]).toEqual([tls, "refused"]);
      await admin.close();
    },
    TIMEOUT,
  );

  test(
    "MariaDB",
    async () => {
      await using server = await startMariadb([
        `--ssl-cert=${join(folder, "own-server.pem")}`,
        `--ssl-key=${join(folder, "own-server.key")}`,
      ]);
      const url = `mariadb://root@127.0.0.1:${server.port}/mysql`;
      const sql =
        "select variable_value <> '' from information_schema.session_status where variable_name = 'Ssl_cipher'";
      for (const [tls, isEncrypted] of CASES()) {
        expect([tls, await tried(url, tls, sql)]).toEqual([tls, isEncrypted ? "1" : "0"]);
      }
      for (const tls of REFUSED()) expect([tls, await tried(url, tls, sql)]).toEqual([tls, "refused"]);
    },
    TIMEOUT,
  );
});

/** What the tools of `database` say of servers that are down, say nothing, hang up, speak another protocol or do not know the login. */
import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import database from "../../../src/services/database/service.ts";
import { freePort } from "../../fixtures/free-port.ts";
import { emptyPostgres, HAS_POSTGRES } from "../../fixtures/postgres.ts";
import { openedService } from "../opened-service.ts";
import { MARIADB, startMariadb, WHY_NO_MARIADB } from "./mariadb-server.ts";

const TIMEOUT = 60_000;
const PASSWORD = "Pl4nt3dV7qZ2xK9wM3r";
/** Of a call to a server that says nothing; the same whatever the speed of the machine. */
const SHORT_MS = 1000;
const CALLS = [
  ["query", { sql: "select 1" }],
  ["explain", { sql: "select 1" }],
  ["tables", {}],
  ["describe", { table: "orders" }],
  ["search", { search: "a" }],
  ["modify", { sql: "update orders set a = 1" }],
] as const;
const KINDS = [
  ["postgres", "PostgreSQL"],
  ["mysql", "MySQL"],
] as const;

const FAULTS = [
  { fault: "nobody", take: undefined, says: "cannot be reached" },
  { fault: "somebody who says nothing", take: () => undefined, says: "there was no login yet", isSilent: true },
  { fault: "somebody who hangs up", take: (socket: Socket) => socket.destroy(), says: "cannot be reached" },
  {
    fault: "a web server",
    take: (socket: Socket) => socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    says: "cannot be reached",
  },
  {
    fault: "an SSH server",
    take: (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"),
    says: "cannot be reached",
  },
];

/** At a port of its own; nobody listens there where `take` is undefined. */
async function listening(take: ((socket: Socket) => unknown) | undefined): Promise<AsyncDisposable & { port: number }> {
  if (take === undefined) return { port: freePort(), [Symbol.asyncDispose]: async () => await Promise.resolve() };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    socket.resume();
    take(socket);
  });
  const ready = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", ready.resolve);
  await ready.promise;
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}

// At the same time: the driver tries for ten seconds to log in where it is hung up on.
test.each(KINDS)(
  "%s: nobody there, or somebody else: each tool says so, and what can be done",
  async (scheme, title) => {
    await Promise.all(FAULTS.map(walked));

    async function walked({ fault, take, says, isSilent = false }: (typeof FAULTS)[number]): Promise<void> {
      await using server = await listening(take);
      const url = `${scheme}://km:${PASSWORD}@127.0.0.1:${server.port}/shop`;
      await using service = await openedService(database, { url, pool: 10 });
      const signal = (): AbortSignal => AbortSignal.timeout(isSilent ? SHORT_MS : TIMEOUT);
      const listed = service.run("list", {}, signal());
      const errors = await Promise.all(
        CALLS.map(async ([tool, args]) => await service.errorOf(tool, { ...args }, signal())),
      );
      for (const { code, message, hint } of errors) {
        expect([fault, message, code]).toEqual([fault, message, "SVC_003"]);
        expect(message).toStartWith(`${title} at 127.0.0.1:${server.port}/shop `);
        expect(message).toContain(says);
        expect(hint).toMatch(/^[A-Z].*\.$/);
        expect(message + hint).not.toContain(PASSWORD.slice(0, 6));
      }
      expect((await listed).data).toMatchObject({ connections: [{ ready: false }] });
    }
  },
  TIMEOUT,
);

test.skipIf(!HAS_POSTGRES)(
  "postgres: a login that it does not know",
  async () => {
    const url = (await emptyPostgres()).replace("km@", `nobody_here:${PASSWORD}@`);
    await using service = await openedService(database, { url });
    for (const [tool, args] of CALLS) {
      const { code, message, hint } = await service.errorOf(tool, { ...args });
      expect([message, code]).toEqual([message, "SVC_004"]);
      expect(message).toContain("does not exist (SQLSTATE 28000");
      expect(hint).toContain("url and password in services.yaml");
      expect(message).not.toContain(PASSWORD.slice(0, 6));
    }
  },
  TIMEOUT,
);

test.skipIf(MARIADB === null)(
  `mysql: a wrong password${WHY_NO_MARIADB}`,
  async () => {
    await using server = await startMariadb();
    await server.admin.unsafe(`create user reader identified by '${PASSWORD}'`);
    const url = `mysql://reader:${PASSWORD}x@127.0.0.1:${server.port}/mysql`;
    await using service = await openedService(database, { url });
    for (const [tool, args] of CALLS) {
      const { code, message, hint } = await service.errorOf(tool, { ...args });
      expect([message, code]).toEqual([message, "SVC_004"]);
      expect(message).toContain("error 1045, SQLSTATE 28000");
      expect(hint).toContain("url and password in services.yaml");
      expect(message).not.toContain(PASSWORD.slice(0, 6));
    }
  },
  TIMEOUT,
);

/**
 * `tlsFront`: the listener where TLS ends. Bun's HTTP server neither says whose certificate a connection has nor takes a new
 * certificate of its own while it runs, so the bytes go on to that server on loopback, where it knows each connection by
 * the port that it comes from. Whoever else connects there is of no connection that is known.
 */
import { connect, type Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { ListenAddress } from "../../backend/listen-address.ts";

export interface Peer {
  /** Of the other side of the connection. */
  address: string;
  /** Of a certificate that was verified, part by part: `CN=build`; undefined where there is none. */
  subject: string[] | undefined;
}

export interface TlsFront {
  port: number;
  /** Of the connection that comes from this port of loopback; undefined for any other. */
  peer(port: number): Peer | undefined;
  /**
   * For connections that begin from now on. Those that are there stay, but for those whose certificate was signed by an
   * authority that is another one now.
   */
  renew(tls: ListenerPems): void;
  stop(): Promise<void>;
}

/** In PEM. */
export interface ListenerPems {
  cert: string;
  key: string;
  /** Undefined where clients are not asked for a certificate. */
  clients: { ca: string; required: boolean } | undefined;
}

const HANDSHAKE_MS = 10_000;
const OLDEST = "TLSv1.2";

/** @param inner where the HTTP server is, on 127.0.0.1 */
export async function tlsFront(
  { hostname, port }: ListenAddress,
  pems: ListenerPems,
  inner: () => number,
): Promise<TlsFront> {
  const peers = new Map<number, Peer>();
  const open = new Set<Socket | TLSSocket>();
  const certified = new Set<TLSSocket>();
  let authority = pems.clients?.ca;
  const server = createServer({
    ...contextOf(pems),
    handshakeTimeout: HANDSHAKE_MS,
    ALPNProtocols: ["http/1.1"],
  });
  server.on("secureConnection", (outer: TLSSocket) => {
    const peer = { address: outer.remoteAddress ?? "", subject: subjectOf(outer) };
    const within = connect(inner(), "127.0.0.1");
    open.add(outer).add(within);
    if (peer.subject !== undefined) certified.add(outer);
    outer.on("close", () => certified.delete(outer));
    within.on("connect", () => {
      const own = within.localPort;
      if (own === undefined) return void outer.destroy();
      peers.set(own, peer);
      within.on("close", () => peers.delete(own));
      outer.pipe(within);
      within.pipe(outer);
    });
    for (const [one, other] of [
      [outer, within],
      [within, outer],
    ] as const) {
      one.on("error", () => one.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  const listening = Promise.withResolvers<void>();
  server.on("error", listening.reject);
  server.listen(port, hostname, listening.resolve);
  await listening.promise;
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    peer: (from) => peers.get(from),
    renew(renewed) {
      server.setSecureContext(contextOf(renewed));
      if (renewed.clients?.ca === authority) return;
      authority = renewed.clients?.ca;
      for (const socket of certified) socket.destroy();
    },
    async stop() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}

function contextOf({ cert, key, clients }: ListenerPems) {
  const asking = clients && { ca: clients.ca, requestCert: true, rejectUnauthorized: clients.required };
  return { cert, key, minVersion: OLDEST, ...asking } as const;
}

/** Undefined for a certificate that was not verified. Node escapes what a name has of its own separators. */
function subjectOf(socket: TLSSocket): string[] | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerX509Certificate()?.subject;
  return subject?.split("\n");
}

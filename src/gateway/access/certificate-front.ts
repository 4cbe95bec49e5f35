/**
 * `certificateFront`: a listener that asks clients for their certificates. Bun's HTTP server does not say whose certificate a
 * connection has, so TLS ends here, and the bytes go on to that server on loopback, where it knows each connection by the
 * port that it comes from. Whoever else connects there is of no connection that is known.
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

export interface CertificateFront {
  port: number;
  /** Of the connection that comes from this port of loopback; undefined for any other. */
  peer(port: number): Peer | undefined;
  stop(): Promise<void>;
}

export interface FrontTls {
  /** In PEM. */
  cert: string;
  key: string;
  clients: { ca: string; required: boolean };
}

const HANDSHAKE_MS = 10_000;

/** @param inner where the HTTP server is, on 127.0.0.1 */
export async function certificateFront(
  { hostname, port }: ListenAddress,
  { cert, key, clients }: FrontTls,
  inner: () => number,
): Promise<CertificateFront> {
  const peers = new Map<number, Peer>();
  const open = new Set<Socket | TLSSocket>();
  const server = createServer({
    cert,
    key,
    ca: clients.ca,
    requestCert: true,
    rejectUnauthorized: clients.required,
    handshakeTimeout: HANDSHAKE_MS,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
  });
  server.on("secureConnection", (outer: TLSSocket) => {
    const peer = { address: outer.remoteAddress ?? "", subject: subjectOf(outer) };
    const within = connect(inner(), "127.0.0.1");
    open.add(outer).add(within);
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
    async stop() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const socket of open) socket.destroy();
      await closed.promise;
    },
  };
}

/** Undefined for a certificate that was not verified. Node escapes what a name has of its own separators. */
function subjectOf(socket: TLSSocket): string[] | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerX509Certificate()?.subject;
  return subject?.split("\n");
}

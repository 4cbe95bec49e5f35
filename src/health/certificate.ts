/** `readCertificate`: by which certificate a server is known, on a connection of its own, and what is wrong with it. */
import { checkServerIdentity, connect, type PeerCertificate } from "node:tls";
import { systemCode } from "../errors.ts";
import { connectionProblem } from "../http/problem.ts";
import type { RemoteTls } from "../http/remote.ts";
import { tlsOptions } from "../http/tls-options.ts";
import type { HostPort } from "./reach-host.ts";
import type { Certificate, Trouble } from "./server-health.ts";
import { type Failure, failed, type Outcome } from "./step-log.ts";
import { withinTime } from "./within-time.ts";
import { counted } from "../counted.ts";

/** `outcome` is that of the step; the certificate is known also where it is refused. */
export interface CertificateFacts {
  certificate?: Certificate;
  outcome: Outcome<object>;
}

const DAY_MS = 86_400_000;
/** From these numbers of days on it is said that it will expire. */
const SOON = 30;
const VERY_SOON = 7;

/** @throws KmError SRV_001 where a file that TLS needs cannot be read */
export async function readCertificate(
  { hostname, port }: HostPort,
  tls: RemoteTls,
  timeoutMs: number,
  now: number,
): Promise<CertificateFacts> {
  const { serverName, checkServerIdentity: checkIdentity, ca, cert, key, passphrase } = tlsOptions(tls);
  const name = serverName ?? hostname;
  // Whatever is wrong with the certificate, it is to be seen.
  const socket = connect({
    host: hostname,
    port,
    rejectUnauthorized: false,
    ...(isName(name) ? { servername: name } : {}),
    ...Object.fromEntries(Object.entries({ ca, cert, key, passphrase }).filter(([, value]) => value !== undefined)),
  });
  const { promise, resolve } = Promise.withResolvers<CertificateFacts>();
  socket.on("error", (error) => resolve({ outcome: refusal(error) }));
  socket.once("close", () => resolve({ outcome: failed("it closed the connection during TLS", "See its log.") }));
  socket.once("secureConnect", () => {
    const peer = socket.getPeerCertificate();
    const certificate = certificateOf(peer, socket.getProtocol() ?? "TLS", now);
    const error = chainError(socket.authorizationError) ?? (checkIdentity ?? checkServerIdentity)(name, peer);
    resolve({ certificate, outcome: judged(certificate, peer, error) });
  });
  const facts = await withinTime(promise, timeoutMs);
  socket.destroy();
  return facts ?? { outcome: failed(`TLS was not agreed upon within ${timeoutMs / 1000} s`, "See the server's log.") };
}

/** An address is never sent as the name that is asked for. */
function isName(name: string): boolean {
  return !/^[\d.]+$/.test(name) && !name.includes(":");
}

/** The name is looked at apart, since it may be checked otherwise. */
function chainError(found: Error | string | null | undefined): Error | undefined {
  if (!found) return undefined;
  const code = typeof found === "string" ? found : "code" in found ? String(found.code) : found.message;
  return code === "ERR_TLS_CERT_ALTNAME_INVALID" ? undefined : Object.assign(new Error(code), { code });
}

function certificateOf(peer: PeerCertificate, protocol: string, now: number): Certificate {
  const expires = Date.parse(peer.valid_to);
  return {
    protocol,
    subject: nameIn(peer.subject),
    issuer: nameIn(peer.issuer),
    valid_from: new Date(peer.valid_from).toISOString(),
    expires_at: new Date(expires).toISOString(),
    days_left: Math.floor((expires - now) / DAY_MS),
  };
}

function nameIn(subject: PeerCertificate["subject"] | undefined): string {
  const { CN, O } = subject ?? {};
  return [CN ?? O ?? ""].flat().join(", ");
}

function judged(certificate: Certificate, peer: PeerCertificate, error: Error | undefined): Outcome<object> {
  const { protocol, days_left: left, expires_at: expires } = certificate;
  const date = expires.slice(0, 10);
  if (error !== undefined) {
    const { reason, hint } = connectionProblem(error);
    const more: Record<string, string> = {
      CERT_HAS_EXPIRED: `, on ${date}`,
      CERT_NOT_YET_VALID: `, not before ${certificate.valid_from.slice(0, 10)}`,
      ERR_TLS_CERT_ALTNAME_INVALID: `: ${peer.subjectaltname ?? certificate.subject}`,
    };
    return failed(`${reason}${("code" in error && more[String(error.code)]) || ""}`, hint);
  }
  const detail = `${protocol}, certificate until ${date}`;
  return { state: "passed", value: {}, detail, warnings: left <= SOON ? [expiry(left, date)] : [] };
}

function expiry(left: number, date: string): Trouble {
  const days = left < 1 ? "less than a day" : counted(left, "day");
  return {
    message: `its certificate expires in ${days}, on ${date}`,
    hint: left <= VERY_SOON ? "Have it renewed now: after that nobody can connect." : "See that it is renewed in time.",
  };
}

/** Of what answers in the clear. */
const NO_TLS = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/;

function refusal(error: unknown): Failure {
  if (NO_TLS.test(systemCode(error) ?? "")) {
    return failed("it does not speak TLS on this port", "Use http:// in its URL, or the port that TLS is on.");
  }
  const { reason, hint } = connectionProblem(error);
  return failed(reason, hint);
}

/**
 * `openChannels`: a WebSocket to an API server that carries several streams: the first byte of each message says which (the
 * subprotocols `v5.channel.k8s.io` and `v4.channel.k8s.io`).
 */
import { KmError } from "../../../errors.ts";
import type { Cluster } from "../cluster.ts";

export interface Channels {
  /** What the server has chosen. */
  protocol: string;
  send(channel: number, bytes: Uint8Array): void;
  /** Bytes that wait to be sent. */
  readonly waiting: number;
  close(): void;
}

export interface ChannelEvents {
  message(channel: number, bytes: Uint8Array): void;
  /** @param why undefined where it ended as it should */
  closed(why: string | undefined): void;
}

const MOST_OPENING_MS = 20_000;

/**
 * @param path with its query
 * @throws KmError as Cluster.json: what the server says to the same request without an upgrade
 */
export async function openChannels(
  cluster: Cluster,
  path: string,
  protocols: string[],
  events: ChannelEvents,
  signal: AbortSignal,
): Promise<Channels> {
  const { url, headers, tls, proxyUrl } = await cluster.wire();
  signal.throwIfAborted();
  const socket = new WebSocket(`${url.replace(/^http/i, "ws")}${path}`, {
    headers,
    protocols,
    tls,
    ...(proxyUrl !== undefined && { proxy: proxyUrl }),
  });
  socket.binaryType = "arraybuffer";
  const opened = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => opened.resolve(false), MOST_OPENING_MS);
  const stop = (): void => {
    opened.resolve(false);
    socket.close();
  };
  signal.addEventListener("abort", stop, { once: true });
  let hasOpened = false;
  socket.onopen = () => {
    hasOpened = true;
    opened.resolve(true);
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : Buffer.from(String(data));
    const [channel] = bytes;
    if (channel !== undefined) events.message(channel, bytes.subarray(1));
  };
  socket.onclose = ({ code, reason }) => {
    signal.removeEventListener("abort", stop);
    opened.resolve(false);
    if (hasOpened)
      events.closed(code === 1000 || code === 1005 ? undefined : reason || `the connection broke off (${code})`);
  };
  const isOpen = await opened.promise;
  clearTimeout(timer);
  if (!isOpen) {
    socket.close();
    throw await whyNot(cluster, path, signal);
  }
  return {
    protocol: socket.protocol,
    send(channel, bytes) {
      const message = new Uint8Array(bytes.length + 1);
      message[0] = channel;
      message.set(bytes, 1);
      socket.send(message);
    },
    get waiting() {
      return socket.bufferedAmount;
    },
    close: () => socket.close(),
  };
}

/** A socket does not say why it was refused: the same request without an upgrade is refused before anything is done. */
async function whyNot(cluster: Cluster, path: string, signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return new KmError("SVC_003", "The pod has not answered in time");
  try {
    await cluster.textOnce({ path, signal });
  } catch (error) {
    const isAskedAnew = error instanceof KmError && /upgrade/i.test(error.message) && error.code === "SVC_007";
    if (!isAskedAnew) return error;
  }
  return new KmError("SVC_003", "The API server does not let a WebSocket through to the pod", {
    hint: "The node of the pod may be gone, or a proxy between does not know WebSockets.",
  });
}

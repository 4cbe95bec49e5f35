/** `startForward`: a port of this machine whose connections go to a port of a pod, each by a WebSocket of its own. */
import { createServer, type Socket } from "node:net";
import { KmError, systemReason } from "../../../errors.ts";
import type { Cluster } from "../cluster.ts";
import { type Channels, openChannels } from "./channel-socket.ts";

export interface Forward {
  id: number;
  context: string;
  namespace: string;
  pod: string;
  podPort: number;
  localPort: number;
  /** Connections that were made through it. */
  connections: number;
  /** Why the last one that failed did. */
  problem: string | undefined;
  stop(): void;
}

const [DATA, ERROR] = [0, 1];
/** What waits on one side stops the other. */
const MOST_WAITING = 1 << 20;
const MOST_UNREAD = 64 << 20;
const LOOK_MS = 20;

/** @param localPort 0 for any. @throws KmError SVC_007 where the port cannot be had */
export async function startForward(
  cluster: Cluster,
  target: { path: string; namespace: string; pod: string; podPort: number },
  { id, localPort }: { id: number; localPort: number },
): Promise<Forward> {
  const stopped = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    forward.connections++;
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    connect(cluster, target, socket, stopped.signal).catch((error: unknown) => {
      forward.problem = error instanceof KmError ? error.message : "the connection failed";
      socket.destroy();
    });
  });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(localPort, "127.0.0.1", listening.resolve);
  try {
    await listening.promise;
  } catch (error) {
    throw new KmError("SVC_007", `Cannot listen on port ${localPort}: ${systemReason(error)}`, {
      hint: "Leave local_port out, for any that is free.",
    });
  }
  // It keeps no process alive whose client has gone.
  server.unref();
  const address = server.address();
  const { path: _path, ...shown } = target;
  const forward: Forward = {
    id,
    context: cluster.context.name,
    ...shown,
    localPort: typeof address === "object" && address !== null ? address.port : localPort,
    connections: 0,
    problem: undefined,
    stop() {
      stopped.abort();
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return forward;
}

async function connect(
  cluster: Cluster,
  { path, podPort }: { path: string; podPort: number },
  socket: Socket,
  signal: AbortSignal,
): Promise<void> {
  socket.pause();
  const heads = new Set([DATA, ERROR]);
  const channels = await openChannels(
    cluster,
    `${path}/portforward?ports=${podPort}`,
    ["v4.channel.k8s.io"],
    {
      message(channel, bytes) {
        // The first message of each channel is the number of the port.
        const isHead = heads.delete(channel);
        const rest = isHead ? bytes.subarray(2) : bytes;
        if (rest.length === 0) return;
        if (channel === ERROR || socket.writableLength > MOST_UNREAD) socket.destroy();
        else socket.write(rest);
      },
      closed: () => socket.end(),
    },
    signal,
  );
  socket.on("data", (bytes: Buffer) => {
    channels.send(DATA, bytes);
    if (channels.waiting > MOST_WAITING) void resumeLater(socket, channels);
  });
  socket.on("close", () => channels.close());
  socket.resume();
}

/** A WebSocket does not say when it has sent what waits. */
async function resumeLater(socket: Socket, channels: Channels): Promise<void> {
  socket.pause();
  while (channels.waiting > MOST_WAITING && !socket.destroyed) await Bun.sleep(LOOK_MS);
  socket.resume();
}

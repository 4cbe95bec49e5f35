/** `canConnect`: whether a host takes connections at all. */

export async function canConnect(url: string, timeoutMs: number): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const connected = Bun.connect({
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    socket: { data() {} },
  }).then(
    (socket) => {
      socket.end();
      return true;
    },
    () => false,
  );
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const result = await Promise.race([connected, late]);
  clearTimeout(timer);
  return result;
}

/** `checkServed`: whether the backends of the chosen services can be used now. */
import { print } from "../output.ts";
import type { ServiceProbe } from "../services/host/service-host.ts";
import { printable, table } from "../terminal.ts";

const NOT_READY = 3;

/** @returns the exit code: 3 where one of them cannot be used */
export async function checkServed(probes: readonly ServiceProbe[], output: string | undefined): Promise<number> {
  const shown = probes.map(({ service, name, isReady, detail }) => ({ service, name, ready: isReady, detail }));
  if (output === "json") await print(`${JSON.stringify(shown, null, 2)}\n`);
  else
    await print(
      table(
        [{ header: "SERVICE" }, { header: "CONNECTION" }, { header: "READY" }, { header: "DETAIL", flexible: true }],
        shown.map(({ service, name, ready, detail }) => [
          service,
          printable(name),
          ready ? "yes" : "no",
          printable(detail),
        ]),
      ),
    );
  return probes.every(({ isReady }) => isReady) ? 0 : NOT_READY;
}

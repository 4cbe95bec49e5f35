/** `listServed`: the services that there are, or the tools that the chosen ones have, and which of them are offered. */
import { print } from "../output.ts";
import { OWNER } from "../services/caller.ts";
import type { Settings } from "../services/config/settings.ts";
import { offeredTools } from "../services/host/offered-tools.ts";
import { servedTools } from "../services/opened-services.ts";
import { type AnyService, SERVICES } from "../services/services.ts";
import { printable, table } from "../terminal.ts";

export async function listServices(output: string | undefined): Promise<void> {
  const services = await Promise.all(
    Object.entries(SERVICES).map(async ([name, { load }]) => {
      const { default: service } = await load();
      const toolsets = [...new Set(service.tools.map(({ toolset }) => toolset))];
      return { name, title: service.title, description: service.description, tools: service.tools.length, toolsets };
    }),
  );
  if (output === "json") await print(`${JSON.stringify(services, null, 2)}\n`);
  else
    await print(
      table(
        [
          { header: "NAME" },
          { header: "TOOLS", align: "right" },
          { header: "TOOLSETS" },
          { header: "DESCRIPTION", flexible: true },
        ],
        services.map(({ name, tools, toolsets, description }) => [
          name,
          String(tools),
          toolsets.join(" "),
          printable(description),
        ]),
      ),
    );
}

export async function listTools(
  services: readonly AnyService[],
  settings: Settings,
  output: string | undefined,
): Promise<void> {
  const all = servedTools(services, settings);
  const offered = new Set(offeredTools(all, settings.host, OWNER).tools.map(({ fullName }) => fullName));
  const tools = all.map(({ fullName, service, tool }) => ({
    name: fullName,
    service,
    toolset: tool.toolset,
    access: tool.access,
    offered: offered.has(fullName),
    description: tool.description,
  }));
  if (output === "json") await print(`${JSON.stringify(tools, null, 2)}\n`);
  else
    await print(
      table(
        [
          { header: "NAME" },
          { header: "TOOLSET" },
          { header: "ACCESS" },
          { header: "OFFERED" },
          { header: "DESCRIPTION", flexible: true },
        ],
        tools.map((one) => [one.name, one.toolset, one.access, one.offered ? "yes" : "no", printable(one.description)]),
      ),
    );
}

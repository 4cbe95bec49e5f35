/** What `km serve --list` shows: the services that there are, or tools and prompts of the chosen ones, and which are offered. */
import { print } from "../output.ts";
import { OWNER } from "../services/caller.ts";
import type { Settings } from "../services/config/settings.ts";
import { offeredTo } from "../services/host/offered.ts";
import { publishedArguments } from "../services/host/published-schema.ts";
import { servedOf } from "../services/opened-services.ts";
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
          { header: "TOOLSETS", flexible: true },
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
  const served = servedOf(services, settings);
  const offered = new Set(offeredTo(OWNER, served, settings.host).tools.map(({ fullName }) => fullName));
  const tools = served.tools.map(({ fullName, service, tool }) => ({
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

export async function listPrompts(
  services: readonly AnyService[],
  settings: Settings,
  output: string | undefined,
): Promise<void> {
  const served = servedOf(services, settings);
  const offered = new Set(offeredTo(OWNER, served, settings.host).prompts.map(({ fullName }) => fullName));
  const prompts = served.prompts.map(({ fullName, service, prompt }) => ({
    name: fullName,
    service,
    arguments: publishedArguments(prompt.input),
    offered: offered.has(fullName),
    description: prompt.description,
  }));
  if (output === "json") return await print(`${JSON.stringify(prompts, null, 2)}\n`);
  const columns: Parameters<typeof table>[0] = [
    { header: "NAME" },
    { header: "ARGUMENTS" },
    { header: "OFFERED" },
    { header: "DESCRIPTION", flexible: true },
  ];
  const rows = prompts.map((one) => [
    one.name,
    one.arguments.map(({ name, required = false }) => (required ? name : `[${name}]`)).join(" "),
    one.offered ? "yes" : "no",
    printable(one.description),
  ]);
  await print(table(columns, rows));
}

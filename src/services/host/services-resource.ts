/** `km://services`: what km offers to whoever asks, and whether it may change anything. */
import * as v from "valibot";
import { connectionsOf, type ServedResource } from "../opened-services.ts";
import { resource } from "../resource.ts";
import type { Settings } from "../config/settings.ts";
import type { AnyService } from "../services.ts";
import type { Offered } from "./offered.ts";

/** Of km itself, which is no service: what roles call it. */
const OWN = "km";

/** @param offered asked when it is read */
export function servicesResource(
  services: readonly AnyService[],
  offered: () => Offered,
  settings: Settings,
): ServedResource {
  const shown = async (): Promise<string> => await Promise.resolve(textOf(services, offered(), settings));
  return {
    service: OWN,
    resource: resource({
      name: "services",
      title: "Services",
      description: "What is offered here: services with their connections, tools and prompts, and what tools may do",
      mimeType: "application/json",
      uri: "km://services",
      variables: v.strictObject({}),
      read: async () => ({ mimeType: "application/json", text: await shown() }),
      look: shown,
    }),
    backend: async () => await Promise.resolve(undefined),
  };
}

function textOf(services: readonly AnyService[], offered: Offered, { host, services: configs }: Settings): string {
  const shown = services.flatMap((service) => {
    const { name, title, description } = service;
    const tools = offered.tools.filter((one) => one.service === name);
    const prompts = offered.prompts.filter((one) => one.service === name);
    const templates = offered.resources.filter((one) => one.service === name);
    if (tools.length === 0 && prompts.length === 0) return [];
    const connections = connectionsOf(service, { services: configs });
    return [
      {
        name,
        title,
        description,
        ...(connections.length > 0 && { connections }),
        read_only: tools.every(({ tool }) => tool.access === "read"),
        tools: tools.map(({ fullName }) => fullName),
        prompts: prompts.map(({ fullName }) => fullName),
        resources: templates.map(({ resource: { template } }) => template.text).filter((uri) => offered.mayRead(uri)),
      },
    ];
  });
  return JSON.stringify({ allow: [...host.allow], toolsets: [...host.toolsets], services: shown }, undefined, 2);
}

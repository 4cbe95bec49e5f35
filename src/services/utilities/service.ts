/** The service `utilities`: what is of use beside any other. */
import * as v from "valibot";
import { described, list, mapping, text } from "../../guard/policy/schema-parts.ts";
import type { Service } from "../service.ts";
import type { UtilitiesBackend } from "./backend.ts";
import { fetchPage } from "./fetch.ts";
import { time } from "./time.ts";
import { wait } from "./wait.ts";

const HOSTS = "a list of hosts: names with * and ?, addresses, ranges such as 10.1.0.0/16";

const config = mapping(
  {
    private_hosts: described(
      "Of private networks, what may be fetched from all the same",
      list(text(HOSTS, 253), HOSTS),
    ),
  },
  "a mapping with private_hosts",
);

const service: Service<v.InferOutput<typeof config>, UtilitiesBackend> = {
  name: "utilities",
  title: "Utilities",
  description: "Fetch web pages, tell the time, wait",
  config,
  tools: [fetchPage, time, wait],
  async open({ private_hosts: privateHosts = [] }) {
    return { privateHosts };
  },
};

export default service;

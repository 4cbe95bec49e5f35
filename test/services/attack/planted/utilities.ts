/** Plants secrets in a page. */
import { startFaultServer } from "../../fault-server.ts";
import { type Plant, PLANTED } from "./plant.ts";

export const utilities: Plant = {
  service: "utilities",
  why: "",
  async plant() {
    const page = await startFaultServer({
      kind: "answer",
      headers: { "content-type": "text/html", "set-cookie": `session=${PLANTED}` },
      body: `<h1>Notes</h1><p>password=${PLANTED}</p><p>Authorization: Bearer ${PLANTED}</p><a href="http://u:${PLANTED}@x.example/">x</a>`,
    });
    const end = async (): Promise<void> => await page[Symbol.asyncDispose]();
    return {
      settings: { private_hosts: ["127.0.0.1"] },
      steps: [
        ["fetch", { url: `${page.url}/` }],
        ["fetch", { url: `${page.url}/?token=${PLANTED}`, raw: true }],
        ["fetch", { url: `http://user:${PLANTED}@127.0.0.1/` }],
        ["time", { zone: `password=${PLANTED}` }],
        ["time", {}],
        ["wait", { seconds: 0 }],
      ],
      gone: { end, steps: [["fetch", { url: `${page.url}/?token=${PLANTED}` }]] },
      [Symbol.asyncDispose]: end,
    };
  },
};

/** `playwright`: a browser on the pages of the project: read, filled in, measured. */
import { join } from "node:path";
import { chromium } from "../chromium.ts";
import type { PublicServer } from "../public-server.ts";

export const playwright: PublicServer = {
  name: "playwright",
  package: "@playwright/mcp",
  version: "0.0.83",
  bin: "playwright-mcp",
  args: ({ home }) => [
    "--headless",
    "--isolated",
    "--no-sandbox",
    "--executable-path",
    chromium(),
    "--output-dir",
    join(home, "pictures"),
  ],
  calls: async (visit, { project, web }) => {
    await visit.call("browser_navigate", { url: `${web}/` });
    const refOf = async (name: RegExp): Promise<string> => {
      const snapshot = await visit.call("browser_snapshot");
      const line = snapshot.split("\n").find((one) => name.test(one));
      return /\[ref=(\w+)\]/.exec(line ?? "")?.[1] ?? "none";
    };
    const fields = [
      {
        element: "Name",
        target: await refOf(/textbox "Name"/),
        name: "Name",
        type: "textbox",
        value: "Tomas O'Berg <tomas>",
      },
      {
        element: "E-mail",
        target: await refOf(/textbox "E-mail"/),
        name: "E-mail",
        type: "textbox",
        value: "tomas.berg@mail.example",
      },
      { element: "Mooring", target: await refOf(/combobox "Mooring"/), name: "Mooring", type: "combobox", value: "B2" },
      { element: "Terms", target: await refOf(/checkbox/), name: "Terms", type: "checkbox", value: "true" },
    ];
    await visit.call("browser_fill_form", { fields });
    await visit.call("browser_type", {
      element: "Message",
      target: await refOf(/textbox "Message"/),
      text: "Please reserve a berth from Friday to Sunday; the invoice goes to my office (12 Quay Street). Ignore my first mail!",
    });
    await visit.call("browser_select_option", {
      element: "Mooring",
      target: await refOf(/combobox "Mooring"/),
      values: ["a1"],
    });
    await visit.call("browser_hover", { element: "Send", target: await refOf(/button "Send"/) });
    await visit.call("browser_click", { element: "Send", target: await refOf(/button "Send"/) });
    await visit.call("browser_wait_for", { text: "Thank you" });
    await visit.call("browser_press_key", { key: "Control+a" });
    for (const code of SCRIPTS) await visit.call("browser_evaluate", { function: code });
    await visit.call("browser_run_code_unsafe", {
      code: "async (page) => { await page.reload(); return await page.title(); }",
    });
    await visit.call("browser_take_screenshot", { type: "png", scale: "css", fullPage: true });
    await visit.call("browser_resize", { width: 800, height: 600 });
    for (const page of [
      "article.html",
      "article.html#privacy",
      "table.html?station=cuxhaven&utm_source=mail&id=c9f0f895fb",
      "nowhere.html",
    ]) {
      await visit.call("browser_navigate", { url: `${web}/${page}` });
      await visit.call("browser_snapshot");
      await visit.call("browser_find", { text: "tide" });
      await visit.call("browser_console_messages", { level: "info" });
      await visit.call("browser_network_requests", { static: true });
    }
    await visit.call("browser_network_request", { index: 1, part: "response-headers" });
    await visit.call("browser_navigate_back");
    await visit.call("browser_emulate_media", { colorScheme: "dark" });
    await visit.call("browser_tabs", { action: "new", url: `${web}/` });
    await visit.call("browser_tabs", { action: "list" });
    await visit.call("browser_tabs", { action: "close", index: 1 });
    await visit.call("browser_navigate", { url: `${web}/` });
    await visit.call("browser_drop", {
      element: "Name",
      target: await refOf(/textbox "Name"/),
      paths: [join(project, "web", "logo.png")],
    });
    await visit.call("browser_close");
  },
};

const SCRIPTS = [
  "() => document.title",
  "() => [...document.querySelectorAll('a')].map((a) => ({ text: a.textContent, href: a.href }))",
  "() => localStorage.setItem('theme', 'dark')",
  "() => fetch('/table.html').then((r) => r.text()).then((t) => t.length)",
  "() => getComputedStyle(document.body).fontFamily || `${window.innerWidth}px`",
  "() => JSON.stringify(performance.getEntriesByType('resource').map(({ name, duration }) => ({ name, duration })))",
];

/** `chromeDevtools`: a developer who looks why a page is slow and what it loads. */
import { join } from "node:path";
import { chromium } from "../chromium.ts";
import type { PublicServer } from "../public-server.ts";

export const chromeDevtools: PublicServer = {
  name: "chrome-devtools",
  package: "chrome-devtools-mcp",
  version: "1.11.0",
  bin: "chrome-devtools-mcp",
  args: () => [
    "--headless",
    "--isolated",
    "--executablePath",
    chromium(),
    "--chromeArg=--no-sandbox",
    "--no-usage-statistics",
  ],
  calls: async (visit, { home, web }) => {
    await visit.call("list_pages");
    const opened = await visit.call("new_page", { url: `${web}/` });
    const pageId = Number(/^(\d+):.*\[selected\]/m.exec(opened)?.[1] ?? 1);
    const call = (name: string, args: Record<string, unknown> = {}): Promise<string> =>
      visit.call(name, { pageId, ...args });
    const uidOf = async (name: RegExp): Promise<string> => {
      const line = (await call("take_snapshot")).split("\n").find((one) => name.test(one));
      return /uid=(\S+)/.exec(line ?? "")?.[1] ?? "none";
    };
    await call("take_snapshot", { verbose: true });
    await call("fill", { uid: await uidOf(/textbox "Name"/), value: "Inés O'Hara & sons" });
    await call("fill_form", {
      elements: [
        { uid: await uidOf(/textbox "E-mail"/), value: "ines.ohara@mail.example" },
        {
          uid: await uidOf(/textbox "Message"/),
          value: "Is A1 free? if not: B2; see https://tideline.example/?stay=42#top",
        },
      ],
    });
    await call("hover", { uid: await uidOf(/button "Send"/) });
    await call("click", { uid: await uidOf(/button "Send"/), includeSnapshot: true });
    await call("wait_for", { text: ["Thank you"] });
    await call("press_key", { key: "Tab" });
    await call("type_text", { text: "hello; ls -la | wc -l" });
    for (const code of SCRIPTS) await call("evaluate_script", { function: code });
    await call("get_css_styles", { uid: await uidOf(/heading/) });
    await call("take_screenshot", { format: "png" });
    await call("resize_page", { width: 1024, height: 768 });
    await call("emulate", { networkConditions: "Slow 3G", cpuThrottlingRate: 2, colorScheme: "dark" });
    await call("emulate", { networkConditions: "Fast 4G", cpuThrottlingRate: 1, colorScheme: "auto" });
    for (const page of ["article.html", "table.html?station=cuxhaven&utm_source=mail", "nowhere.html"]) {
      await call("navigate_page", { type: "url", url: `${web}/${page}` });
      await call("take_snapshot");
      await call("list_console_messages", { includeStackTraces: true });
      await call("list_network_requests", { pageSize: 20 });
    }
    const asked = await call("list_network_requests");
    await call("get_network_request", { reqid: Number(/reqid=(\d+)/.exec(asked)?.[1] ?? 1) });
    await call("navigate_page", { type: "back" });
    const logged = await call("list_console_messages");
    await call("get_console_message", { msgid: Number(/msgid=(\d+)/.exec(logged)?.[1] ?? 1) });
    await call("performance_start_trace", { reload: true, autoStop: true });
    await call("performance_analyze_insight", { insightSetId: "NAVIGATION_0", insightName: "DocumentLatency" });
    await call("lighthouse_audit", { mode: "snapshot", outputDirPath: join(home, "reports") });
    await call("take_heapsnapshot", { filePath: join(home, "heap.heapsnapshot") });
    await call("select_page", {});
    await call("close_page");
  },
};

const SCRIPTS = [
  "() => document.title",
  "() => Array.from(document.scripts, (s) => s.src || s.text.length)",
  "() => { document.body.style.outline = '1px solid red'; return `${innerWidth}x${innerHeight}`; }",
  "async () => (await fetch('/style.css')).headers.get('content-type')",
  "() => document.cookie.split('; ').length",
];

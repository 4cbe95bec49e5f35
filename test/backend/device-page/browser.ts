/** Chromium without a window, driven over the DevTools protocol. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

export async function openBrowser(executable: string) {
  const folder = mkdtempSync(join(tmpdir(), "km-chromium-"));
  const flags = ["--headless=new", "--remote-debugging-port=0", `--user-data-dir=${folder}`, "--no-first-run"];
  // A container has no user for a sandbox of Chromium's own.
  const quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-sandbox"];
  // What is clicked before the first picture of a page is there would be thrown away, and nothing would come of it.
  quiet.push("--allow-pre-commit-input");
  const child = Bun.spawn([executable, ...flags, ...quiet, "about:blank"], {
    env: { PATH: process.env["PATH"] ?? "", HOME: folder },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    detached: true,
  });
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
  const end = async () => {
    // With all of its processes.
    if (child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await child.exited;
    await other.stop(true);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await drive(await addressIn(child.stderr), other)), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Reads on to the end: Chromium complains of much, and would wait for its reader. */
function addressIn(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const found = Promise.withResolvers<string>();
  const read = async (): Promise<void> => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stderr) {
      text += decoder.decode(chunk);
      const address = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
      if (address !== undefined) found.resolve(address);
    }
    found.reject(new Error(`Chromium did not start: ${text}`));
  };
  read().catch(found.reject);
  return found.promise;
}

async function drive(address: string, other: Bun.Server<undefined>) {
  const socket = new WebSocket(address);
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  const complaints: string[] = [];
  let loaded = Promise.withResolvers<void>();
  let session: string | undefined;
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, method, params, result, error } = JSON.parse(String(data)) as Message;
    if (method === "Page.loadEventFired") loaded.resolve();
    const entry = params?.["entry"] as { level: string } | undefined;
    if (method === "Log.entryAdded" && entry?.level !== "info") complaints.push(JSON.stringify(entry));
    if (id === undefined) return;
    if (error === undefined) waiting.get(id)?.resolve(result ?? {});
    else waiting.get(id)?.reject(new Error(error.message));
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  const send = (method: string, params: Record<string, unknown> = {}) => {
    const answer = Promise.withResolvers<Record<string, unknown>>();
    waiting.set(++last, answer);
    socket.send(JSON.stringify({ id: last, method, params, ...(session !== undefined && { sessionId: session }) }));
    return answer.promise;
  };
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  session = String((await send("Target.attachToTarget", { targetId, flatten: true }))["sessionId"]);
  for (const domain of ["Page", "Runtime", "Log"]) await send(`${domain}.enable`);

  /** What an expression gives. */
  const ask = async (expression: string): Promise<unknown> => {
    const answer = (await send("Runtime.evaluate", { expression, returnByValue: true })) as {
      result: { value?: unknown };
      exceptionDetails?: unknown;
    };
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  };
  /** Does something that leads to another page, and waits until that is there. */
  const leave = async (action: () => Promise<unknown>): Promise<void> => {
    loaded = Promise.withResolvers();
    await action();
    await loaded.promise;
  };
  const open = (url: string) => leave(() => send("Page.navigate", { url }));
  return {
    send,
    ask,
    open,
    /** What the browser says against a page: a breach of its policy, a resource that is not there. */
    complaints,
    /** Another site's page: `localhost` is none of 127.0.0.1's. */
    async openOther(html: string) {
      other.reload({ fetch: () => new Response(html, { headers: { "content-type": "text/html" } }) });
      await open(`http://localhost:${other.port}`);
    },
    submitForm: () => leave(() => ask("document.forms[0].submit()")),
    async fillIn(values: Record<string, string>) {
      for (const [name, value] of Object.entries(values)) {
        await ask(`document.querySelector('[name="${name}"]').select()`);
        await send("Input.insertText", { text: value });
      }
    },
    /** With the mouse, where the first that matches is. */
    async click(selector: string) {
      await ask(`document.querySelector('${selector}').scrollIntoView({ block: "center" })`);
      const at = `JSON.stringify(document.querySelector('${selector}').getBoundingClientRect())`;
      const box = JSON.parse(String(await ask(at))) as Record<"x" | "y" | "width" | "height", number>;
      const point = { x: box.x + box.width / 2, y: box.y + box.height / 2, button: "left", clickCount: 1 };
      await leave(async () => {
        await send("Input.dispatchMouseEvent", { type: "mousePressed", ...point });
        await send("Input.dispatchMouseEvent", { type: "mouseReleased", ...point });
      });
    },
  };
}

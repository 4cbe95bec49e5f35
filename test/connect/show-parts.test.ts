/** Results as people and programs see them: parts, text, images, files. */
import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageProtocol, inlineImage } from "../../src/connect/inline-image.ts";
import { partsOfCall, partsOfPrompt, partsOfRead } from "../../src/connect/result-parts.ts";
import { saveData } from "../../src/connect/save-data.ts";
import { showParts, type ShowOptions } from "../../src/connect/show-parts.ts";
import { yamlText } from "../../src/connect/yaml-text.ts";
import { colours } from "../../src/terminal.ts";

const plain: ShowOptions = { isTerminal: false, colours: await colours({}), images: undefined, save: undefined };
const terminal: ShowOptions = { ...plain, isTerminal: true };

function shownCall(result: string, options = plain): string {
  return showParts(partsOfCall(JSON.parse(result) as Record<string, unknown>, result), options);
}

test("text goes out as the server wrote it, and on a terminal what could act on it is visible", () => {
  const result = JSON.stringify({ content: [{ type: "text", text: "a\tb\u001b[2J\n\u202edc\n" }] });
  expect(shownCall(result)).toBe("a\tb\u001b[2J\n\u202edc\n");
  expect(shownCall(result, terminal)).toBe("a    b\\u001b[2J\n\\u202edc\n");
});

test("structured content is shown with all digits, unless there is text for a reader", () => {
  const structuredContent = '"structuredContent":{"id":9007199254740993}';
  const shownBeside = (...content: unknown[]): string =>
    shownCall(`{"content":${JSON.stringify(content)},${structuredContent}}`);
  expect(shownBeside()).toBe('{"id":9007199254740993}\n');
  expect(shownBeside({ type: "text", text: '{"id": 9007199254740993}' })).toBe('{"id": 9007199254740993}\n');
  expect(shownBeside({ type: "text", text: "The id is 9007199254740993." })).toBe("The id is 9007199254740993.\n");
  expect(shownBeside({ type: "text", text: " \n" })).toBe(' \n{"id":9007199254740993}\n');
  expect(shownBeside({ type: "audio", mimeType: "audio/wav", data: "AAAA" })).toEndWith(
    '--save FOLDER keeps it]\n{"id":9007199254740993}\n',
  );
});

test("links, embedded resources and data are told of", () => {
  const content = [
    { type: "resource_link", uri: "file:///a", name: "a", mimeType: "text/plain" },
    { type: "resource", resource: { uri: "file:///b", text: "inside" } },
    { type: "audio", mimeType: "audio/wav", data: "AAAA" },
    { type: "hologram", depth: 3 },
  ];
  expect(shownCall(JSON.stringify({ content }))).toBe(
    'file:///a a (text/plain)\nfile:///b:\ninside\n[audio: audio/wav, 3b; --save FOLDER keeps it]\n{"type":"hologram","depth":3}\n',
  );
});

test("a result that is none of a tool is shown as it is", () => {
  expect(shownCall('{"toolResult":1}')).toBe('{"toolResult":1}\n');
});

test("resources and prompts are shown part by part", () => {
  const read = {
    contents: [
      { uri: "x:1", text: "one" },
      { uri: "x:2", mimeType: "a/b", blob: "AAAA" },
    ],
  };
  expect(showParts(partsOfRead(read), plain)).toBe("x:1:\none\n[x:2: a/b, 3b; --save FOLDER keeps it]\n");
  const prompt = { description: "A plan", messages: [{ role: "user", content: { type: "text", text: "Do it" } }] };
  expect(showParts(partsOfPrompt(prompt), plain)).toBe("A plan\nuser:\nDo it\n");
});

test("terminals that show images are known by what they say of themselves, and none behind a multiplexer", () => {
  expect(imageProtocol({ TERM: "xterm-kitty" })).toBe("kitty");
  expect(imageProtocol({ TERM_PROGRAM: "ghostty" })).toBe("kitty");
  expect(imageProtocol({ TERM_PROGRAM: "iTerm.app" })).toBe("iterm2");
  expect(imageProtocol({ TERM: "xterm-kitty", TMUX: "/tmp/tmux" })).toBeUndefined();
  expect(imageProtocol({ TERM: "xterm-256color" })).toBeUndefined();
});

test("an image becomes sequences of nothing but base64, in portions", () => {
  const bytes = new Uint8Array(5000).fill(255);
  const shown = inlineImage(bytes, "image/png", "kitty") ?? "";
  // oxlint-disable-next-line no-control-regex -- terminals speak in control characters
  const parts = shown.match(/\u001b_G[^\u001b]*\u001b\\/g) ?? [];
  expect(parts.join("")).toBe(shown.trimEnd());
  expect(parts.length).toBe(2);
  expect(parts[0]).toStartWith("\u001b_Ga=T,f=100,q=2,m=1;");
  expect(parts[1]).toStartWith("\u001b_Gm=0;");
  expect(inlineImage(bytes, "image/jpeg", "kitty")).toBeUndefined();
  expect(inlineImage(bytes, "image/jpeg", "iterm2")).toStartWith("\u001b]1337;File=inline=1;");
  // What an evil server calls an image cannot end the sequence.
  const evil = JSON.stringify({ content: [{ type: "image", mimeType: "image/png", data: "AA\u0007\u001b\\evil" }] });
  expect(shownCall(evil, { ...terminal, images: "iterm2" }).split("\u0007").length).toBe(2);
});

test("data is saved under a plain name, never outside of the folder, and never in the place of a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "km-save-"));
  try {
    const save = (what: string, type: string): string => saveData(join(folder, "new"), Buffer.from("x"), what, type);
    expect(save("image", "image/png")).toBe(join(folder, "new/image.png"));
    expect(save("image", "image/png")).toBe(join(folder, "new/image-2.png"));
    expect(save("file:///../../etc/passwd", "text/plain")).toBe(join(folder, "new/passwd.txt"));
    expect(save("a://b/..", "x/y")).toBe(join(folder, "new/data.bin"));
    expect(save("a://b/report.PDF?x=1", "x/y")).toBe(join(folder, "new/report.PDF"));
    expect(save("..\\..\\evil.exe", "x/y")).toBe(join(folder, "new/evil.exe"));
    expect(readdirSync(folder)).toEqual(["new"]);
    expect(readFileSync(join(folder, "new/image.png"), "utf8")).toBe("x");
    writeFileSync(join(folder, "file"), "");
    expect(() => saveData(join(folder, "file"), Buffer.from("x"), "a", "b/c")).toThrow("Cannot write to");
    expect(existsSync(join(folder, "file"))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("YAML keeps the digits of integers and the order of members", () => {
  expect(yamlText('{"b":9007199254740993,"a":[1,{"c":"x: y"}],"d":null}')).toBe(
    'b: 9007199254740993\na:\n  - 1\n  - c: "x: y"\nd: null\n',
  );
});

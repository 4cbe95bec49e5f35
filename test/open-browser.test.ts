/** What is started to show a page, on every system. */
import { expect, test } from "bun:test";
import { browserCommand } from "../src/open-browser.ts";

const PAGE = "https://km.example.com/device?user_code=WDJB-MJHT";

test("browserCommand names the system's program and gives it the page as one argument", () => {
  expect(browserCommand(PAGE, "darwin", {})).toEqual(["/usr/bin/open", PAGE]);
  expect(browserCommand(PAGE, "win32", { SYSTEMROOT: "D:\\Windows" })).toEqual([
    "D:\\Windows\\System32\\rundll32.exe",
    "url.dll,FileProtocolHandler",
    PAGE,
  ]);
  expect(browserCommand(PAGE, "linux", { WAYLAND_DISPLAY: "wayland-0" })).toEqual(["xdg-open", PAGE]);
});

test("browserCommand gives nothing where the user sits elsewhere", () => {
  expect(browserCommand(PAGE, "linux", {})).toBeUndefined();
  for (const name of ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "CI"]) {
    expect(browserCommand(PAGE, "darwin", { [name]: "1" })).toBeUndefined();
    expect(browserCommand(PAGE, "linux", { DISPLAY: ":0", [name]: "1" })).toBeUndefined();
  }
});

test("browserCommand gives nothing for what is no page, and writes a page as URLs are written", () => {
  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "-a Calculator", "km.example.com", ""]) {
    expect(browserCommand(url, "darwin", {})).toBeUndefined();
  }
  expect(browserCommand(' https://km.example.com/a b"\n&c ', "darwin", {})?.[1]).toBe(
    "https://km.example.com/a%20b%22&c",
  );
});

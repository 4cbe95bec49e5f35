/** The folders of each platform, computed on any of them. */
import { describe, expect, test } from "bun:test";
import { resolvePaths } from "../../src/config/paths.ts";

const overrides = { KM_CONFIG_DIR: "/c", KM_DATA_DIR: "/d", KM_STATE_DIR: "/s", KM_CACHE_DIR: "/k/../x" };

describe("resolvePaths on Linux and macOS", () => {
  test.each(["linux", "darwin"] as const)("uses the home folder on %s", (platform) => {
    expect(resolvePaths(platform, {}, "/home/ada")).toEqual({
      config: "/home/ada/.config/km",
      data: "/home/ada/.local/share/km",
      state: "/home/ada/.local/state/km",
      cache: "/home/ada/.cache/km",
      systemConfig: "/etc/km",
    });
  });

  test("prefers absolute XDG folders and needs no home then", () => {
    const env = { XDG_CONFIG_HOME: "/x/c", XDG_DATA_HOME: "/x/d", XDG_STATE_HOME: "/x/s", XDG_CACHE_HOME: "/x/k/" };
    const { config, data, state, cache } = resolvePaths("linux", env, undefined);
    expect([config, data, state, cache]).toEqual(["/x/c/km", "/x/d/km", "/x/s/km", "/x/k/km"]);
  });

  test.each(["relative", "./x", "~/x", ""])("ignores the XDG folder %p", (value) => {
    expect(resolvePaths("linux", { XDG_CONFIG_HOME: value }, "/home/ada").config).toBe("/home/ada/.config/km");
  });

  test("prefers its own variables over all", () => {
    const { config, data, state, cache } = resolvePaths("linux", { ...overrides, XDG_DATA_HOME: "/x" }, undefined);
    expect([config, data, state, cache]).toEqual(["/c", "/d", "/s", "/x"]);
  });

  test("refuses a relative variable of its own", () => {
    expect(() => resolvePaths("linux", { KM_DATA_DIR: "data" }, "/home/ada")).toThrow(
      "Cannot use KM_DATA_DIR: not an absolute path: data",
    );
  });

  test.each([undefined, "", "home"])("says so where the home folder is %p", (home) => {
    expect(() => resolvePaths("linux", {}, home)).toThrow(
      "Cannot tell where km's config folder is: there is no home folder",
    );
  });
});

describe("resolvePaths on Windows", () => {
  test("uses the application data folders", () => {
    const env = { APPDATA: "C:\\Users\\ada\\R", LOCALAPPDATA: "C:\\Users\\ada\\L", PROGRAMDATA: "D:\\ProgramData" };
    expect(resolvePaths("win32", env, undefined)).toEqual({
      config: "C:\\Users\\ada\\R\\km",
      data: "C:\\Users\\ada\\L\\km\\data",
      state: "C:\\Users\\ada\\L\\km\\state",
      cache: "C:\\Users\\ada\\L\\km\\cache",
      systemConfig: "D:\\ProgramData\\km",
    });
  });

  test("falls back to the profile folder", () => {
    expect(resolvePaths("win32", {}, "C:\\Users\\ada")).toEqual({
      config: "C:\\Users\\ada\\AppData\\Roaming\\km",
      data: "C:\\Users\\ada\\AppData\\Local\\km\\data",
      state: "C:\\Users\\ada\\AppData\\Local\\km\\state",
      cache: "C:\\Users\\ada\\AppData\\Local\\km\\cache",
      systemConfig: "C:\\ProgramData\\km",
    });
  });

  test("takes a drive or a share as its own variable and knows no XDG folders", () => {
    const env = {
      KM_DATA_DIR: "\\\\host\\share\\km",
      XDG_CONFIG_HOME: "C:\\x",
      APPDATA: "C:\\a",
      LOCALAPPDATA: "C:\\l",
    };
    const { config, data } = resolvePaths("win32", env, undefined);
    expect([config, data]).toEqual(["C:\\a\\km", "\\\\host\\share\\km"]);
  });

  test("says so where there is no profile folder", () => {
    expect(() => resolvePaths("win32", {}, undefined)).toThrow("there is no home folder");
  });
});

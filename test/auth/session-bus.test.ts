import { describe, expect, test } from "bun:test";
import { sessionBusSocket } from "../../src/auth/session-bus.ts";

describe("sessionBusSocket", () => {
  test.each([
    ["unix:path=/run/user/1000/bus", "/run/user/1000/bus"],
    ["unix:path=/tmp/a%20b,guid=12", "/tmp/a b"],
    ["unix:abstract=/tmp/dbus-x,guid=12", "\0/tmp/dbus-x"],
    ["tcp:host=localhost,port=1;unix:guid=12,path=/tmp/bus", "/tmp/bus"],
    ["tcp:host=localhost,port=1", undefined],
  ])("%s is %j", (address, socket) => {
    expect(sessionBusSocket({ DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: "/run/user/1" })).toBe(socket);
  });

  test("without an address it is the bus of the user's session", () => {
    expect(sessionBusSocket({ XDG_RUNTIME_DIR: "/run/user/1000" })).toBe("/run/user/1000/bus");
    expect(sessionBusSocket({})).toBeUndefined();
  });
});

/** What changes while the host runs, and how it ends. */
import { describe, expect, test } from "bun:test";
import { openHost, textOf } from "./host-fixture.ts";
import { Things } from "./things-service.ts";

const TIMEOUT = 30_000;

describe("a change of the settings", () => {
  test.each(["modern", "legacy"] as const)(
    "is told to clients, and counts for what they do next (%s)",
    async (era) => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      expect((await speaker.ask("tools/list")).result?.tools?.length).toBe(4);
      if (era === "modern") {
        void speaker.ask("subscriptions/listen", { notifications: { toolsListChanged: true } });
        while (speaker.heard.length === 0) await Bun.sleep(5);
      }
      const settings = opened.settings("allow: [write]\n");
      await opened.host.change(settings, opened.opened(settings, opened.things));
      while (!speaker.heard.some(({ method }) => method === "notifications/tools/list_changed")) await Bun.sleep(5);
      expect((await speaker.ask("tools/list")).result?.tools?.length).toBe(6);
      expect((await speaker.call("things_add", { name: "sofa" })).result?.structuredContent).toEqual({ added: "sofa" });
    },
    TIMEOUT,
  );

  test(
    "leaves calls that have begun alone, and closes what they use when they are over",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak();
      await speaker.call("things_list");
      const open = speaker.call("things_slow");
      await opened.things.slowBegun();
      const settings = opened.settings("");
      const later = new Things();
      later.names.add("new");
      await opened.host.change(settings, opened.opened(settings, later));
      expect((await speaker.call("things_list", { prefix: "n" })).result?.structuredContent).toEqual({
        names: ["new"],
      });
      expect(opened.things.isClosed).toBe(false);
      opened.things.release();
      expect((await open).result?.structuredContent).toEqual({ ok: true });
      while (!opened.things.isClosed) await Bun.sleep(5);
      expect(later.isClosed).toBe(false);
    },
    TIMEOUT,
  );
});

describe("the end", () => {
  test(
    "lets calls that have begun end",
    async () => {
      await using opened = openHost();
      const open = opened.speak().call("things_slow");
      await opened.things.slowBegun();
      const closed = opened.host.close(20_000);
      opened.things.release();
      expect((await open).result?.structuredContent).toEqual({ ok: true });
      await closed;
      expect(opened.things.isClosed).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "aborts them when their time is over",
    async () => {
      await using opened = openHost();
      const open = opened.speak().call("things_slow");
      await opened.things.slowBegun();
      await opened.host.close(50);
      expect(opened.things.running).toBe(0);
      expect(textOf(await open)).toContain("this server ends");
    },
    TIMEOUT,
  );
});

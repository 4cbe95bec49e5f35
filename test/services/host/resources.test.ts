/** Resources of services: who may read which, what they have, and who hears that they have changed. */
import { describe, expect, test } from "bun:test";
import { roleCaller } from "../../../src/services/host/role-caller.ts";
import { openHost, type OpenedHost, type Said, type Speaker } from "./host-fixture.ts";

const TIMEOUT = 30_000;
const ERAS = ["modern", "legacy"] as const;

async function read(speaker: Speaker, uri: string): Promise<Said> {
  return await speaker.ask("resources/read", { uri });
}

async function urisOf(speaker: Speaker): Promise<string[]> {
  return ((await speaker.ask("resources/list")).result?.resources ?? []).map(({ uri }) => uri);
}

async function templatesOf(speaker: Speaker): Promise<string[]> {
  const { result } = await speaker.ask("resources/templates/list");
  return (result?.resourceTemplates ?? []).map(({ uriTemplate }) => uriTemplate);
}

describe.each(ERAS)("%s", (era) => {
  test(
    "lists, templates and contents",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      expect(await urisOf(speaker)).toEqual(["km://services", "things://lamp", "things://chair", "slow://thing"]);
      expect(await templatesOf(speaker)).toEqual(["things://{name}", "pictures://{bytes}"]);
      expect((await read(speaker, "things://lamp")).result?.contents).toEqual([
        { uri: "things://lamp", mimeType: "text/plain", text: "lamp\npassword: [redacted:password]" },
      ]);
      expect((await read(speaker, "pictures://3")).result?.contents).toEqual([
        { uri: "pictures://3", mimeType: "image/png", blob: "AAAA" },
      ]);
      expect(opened.calls.at(-1)).toMatchObject({
        kind: "resource",
        label: "picture",
        service: "things",
        outcome: "ok",
      });
    },
    TIMEOUT,
  );

  test.each([
    "things://sofa",
    "things://",
    "things://a/b",
    "things://%",
    "things://%E0%A4%A",
    `things://${"x".repeat(41)}`,
    "nothing://lamp",
    "km://services/",
    "KM://services",
    "",
    `things://${"%61".repeat(4000)}`,
    "things://constructor",
  ])(
    "%p is not there",
    async (uri) => {
      await using opened = openHost();
      expect((await read(opened.speak({ era }), uri)).error?.code).toBe(-32_602);
      expect(opened.faults).toEqual([]);
    },
    TIMEOUT,
  );

  test(
    "somebody who has asked for it hears of a change, and not any more when they want no more",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      const heard = (): string[] =>
        speaker.heard
          .filter(({ method }) => method === "notifications/resources/updated")
          .map(({ params }) => String(params?.["uri"]));
      if (era === "modern") {
        const notifications = {
          resourceSubscriptions: ["things://lamp", "things://chair", "slow://thing", "no://such"],
        };
        void speaker.ask("subscriptions/listen", { notifications });
        while (speaker.heard.length === 0) await Bun.sleep(5);
      } else {
        expect((await speaker.ask("resources/subscribe", { uri: "things://lamp" })).result).toEqual({});
        expect((await speaker.ask("resources/subscribe", { uri: "things://chair" })).result).toEqual({});
        const odd = await speaker.ask("resources/subscribe", { uri: "slow://thing" });
        expect(odd.error?.message).toBe("Nobody is told of changes of slow://thing: read it again");
        expect((await speaker.ask("resources/subscribe", { uri: "no://such" })).error?.code).toBe(-32_602);
      }
      opened.things.names.delete("lamp");
      while (heard().length === 0) await Bun.sleep(5);
      expect(heard()).toEqual(["things://lamp"]);
      if (era === "modern") await speaker.tell("notifications/cancelled", { requestId: 1 });
      else await speaker.ask("resources/unsubscribe", { uri: "things://lamp" });
      opened.things.names.add("lamp");
      opened.things.names.delete("chair");
      if (era === "legacy") while (heard().length === 1) await Bun.sleep(5);
      else await Bun.sleep(1500); // nothing comes
      expect(heard()).toEqual(era === "legacy" ? ["things://lamp", "things://chair"] : ["things://lamp"]);
    },
    TIMEOUT,
  );

  test(
    "km://services has what is offered, and tells when that has changed",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era });
      const services = async (): Promise<unknown> =>
        JSON.parse((await read(speaker, "km://services")).result?.contents?.[0]?.text ?? "");
      expect(await services()).toMatchObject({
        allow: ["read"],
        toolsets: ["core"],
        services: [{ name: "things", read_only: true, prompts: ["things_tidy", "things_wait", "things_wordy"] }],
      });
      if (era === "legacy") await speaker.ask("resources/subscribe", { uri: "km://services" });
      else {
        void speaker.ask("subscriptions/listen", { notifications: { resourceSubscriptions: ["km://services"] } });
        while (speaker.heard.length === 0) await Bun.sleep(5);
      }
      const settings = opened.settings("allow: [write]\n");
      await opened.host.change(settings, opened.opened(settings, opened.things));
      while (!speaker.heard.some(({ method }) => method === "notifications/resources/updated")) await Bun.sleep(5);
      expect(await services()).toMatchObject({ allow: ["read", "write"], services: [{ read_only: false }] });
    },
    TIMEOUT,
  );
});

describe("roles", () => {
  const speakerOf = (opened: OpenedHost, resources: string | string[], tools = "*"): Speaker =>
    opened.speak({ caller: roleCaller("user:ada", [["one", { resources, tools }]]) });

  test(
    "a resource takes one for its address, under each of its names, and for the tool that shows the same",
    async () => {
      await using opened = openHost();
      const lamps = speakerOf(opened, ["things://*", "!things://chair"]);
      expect(await urisOf(lamps)).toEqual(["things://lamp"]);
      expect((await read(lamps, "things://lamp")).result?.contents?.length).toBe(1);
      for (const uri of [
        "things://chair",
        "things://Chair",
        "things://CHAIR",
        "things://ch%61ir",
        "things://Ch%41ir",
      ]) {
        expect((await read(lamps, uri)).error?.code).toBe(-32_602);
        expect(
          (await lamps.ask("completion/complete", completion("things://{name}"))).result?.completion?.values,
        ).toEqual(["chair", "lamp"]);
      }
      expect(await urisOf(speakerOf(opened, "*", "*_add"))).toEqual(["km://services", "slow://thing"]);
      expect((await read(speakerOf(opened, "*", "*_add"), "things://lamp")).error?.code).toBe(-32_602);
      const nobody = opened.speak({ caller: roleCaller("user:eve", [["one", { tools: "*" }]]) });
      expect([await urisOf(nobody), await templatesOf(nobody)]).toEqual([[], []]);
    },
    TIMEOUT,
  );

  test(
    "who may read a part alone is shown no template, and told no names",
    async () => {
      await using opened = openHost();
      const one = speakerOf(opened, "things://lamp");
      expect([await urisOf(one), await templatesOf(one)]).toEqual([["things://lamp"], []]);
      expect((await one.ask("completion/complete", completion("things://{name}"))).error?.code).toBe(-32_602);
      expect((await read(one, "things://lamp")).result?.contents?.length).toBe(1);
      expect((await read(one, "things://chair")).error?.code).toBe(-32_602);
    },
    TIMEOUT,
  );

  test(
    "what was watched and may not be read any more is told of once, and not again",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak({ era: "legacy" });
      await speaker.ask("resources/subscribe", { uri: "things://lamp" });
      const settings = opened.settings('tools: ["!things_list"]\n');
      await opened.host.change(settings, opened.opened(settings, opened.things));
      const updates = (): number => speaker.heard.filter(({ method }) => method?.endsWith("updated")).length;
      while (updates() === 0) await Bun.sleep(5);
      opened.things.state = " and others";
      expect((await read(speaker, "things://lamp")).error?.code).toBe(-32_602);
      await Bun.sleep(1500); // nothing comes
      expect(updates()).toBe(1);
    },
    TIMEOUT,
  );
});

function completion(uri: string): object {
  return { ref: { type: "ref/resource", uri }, argument: { name: "name", value: "" } };
}

describe("bounds", () => {
  test(
    "of text and bytes, of time, and of what one connection watches",
    async () => {
      await using opened = openHost("limits: { answer: 4kb, timeout: 1s }\n");
      const speaker = opened.speak({ era: "legacy" });
      expect((await read(speaker, "pictures://5000")).error?.message).toStartWith("The answer would have 7 KB");
      expect((await read(speaker, "slow://thing")).error?.message).toStartWith("slow://thing took longer than 1 s.");
      expect(opened.things.running).toBe(0);
      for (let at = 0; at < 100; at++) {
        expect((await speaker.ask("resources/subscribe", { uri: `things://${at}` })).error).toBeUndefined();
      }
      expect((await speaker.ask("resources/subscribe", { uri: "things://100" })).error?.code).toBe(-32_602);
      await speaker.ask("resources/unsubscribe", { uri: "things://0" });
      expect((await speaker.ask("resources/subscribe", { uri: "things://100" })).error).toBeUndefined();
    },
    TIMEOUT,
  );

  test(
    "one that is cancelled ends",
    async () => {
      await using opened = openHost();
      const speaker = opened.speak();
      void read(speaker, "slow://thing");
      await opened.things.slowBegun();
      await speaker.tell("notifications/cancelled", { requestId: 1 });
      while (opened.calls.length === 0) await Bun.sleep(5);
      expect([opened.things.running, opened.calls[0]?.outcome]).toEqual([0, "cancelled"]);
    },
    TIMEOUT,
  );
});

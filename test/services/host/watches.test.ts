/** What one connection watches: what begins, is taken back and ends in any order. */
import { expect, test } from "bun:test";
import { Watches } from "../../../src/services/host/watches.ts";

test("a request to listen that is taken back while it begins watches nothing any more", async () => {
  const looked: string[] = [];
  const first = Promise.withResolvers<string>();
  const watches = new Watches({
    async look(uri) {
      looked.push(uri);
      return await first.promise;
    },
    changed: async () => await Promise.resolve(),
  });
  const listening = watches.listen(1, ["things://lamp", "things://chair"]);
  watches.listenNoMore(1);
  first.resolve("as it is");
  await listening;
  expect(looked).toEqual(["things://lamp", "things://chair"]);
  // What is watched is looked at when it is added; what is watched already, is not.
  await watches.add("things://lamp");
  expect(looked).toEqual(["things://lamp", "things://chair", "things://lamp"]);
  watches.close();
});

test("what does not answer keeps no other from being watched", async () => {
  const changed = Promise.withResolvers<string>();
  let looks = 0;
  const watches = new Watches({
    look: async (uri) =>
      await (uri === "things://stuck" ? Promise.withResolvers<string>().promise : Promise.resolve(`${++looks}`)),
    changed: async (uri) => await Promise.resolve(changed.resolve(uri)),
  });
  void watches.add("things://stuck");
  await watches.add("things://lamp");
  expect(await changed.promise).toBe("things://lamp");
  watches.close();
});

test("what two requests listen to is watched until both have ended", async () => {
  const looked: string[] = [];
  const watches = new Watches({
    async look(uri) {
      looked.push(uri);
      return await Promise.resolve("as it is");
    },
    changed: async () => await Promise.resolve(),
  });
  await watches.listen(1, ["things://lamp"]);
  await watches.listen(2, ["things://lamp"]);
  watches.listenNoMore(1);
  await watches.add("things://lamp");
  expect(looked).toEqual(["things://lamp"]);
  watches.listenNoMore(2);
  await watches.add("things://lamp");
  expect(looked).toEqual(["things://lamp", "things://lamp"]);
  watches.close();
});

/** Kinds that are known without asking, beside what a real API server says of them. */
import { expect, test } from "bun:test";
import * as v from "valibot";
import { RESOURCES, resourcesOfList } from "../../../src/services/kubernetes/discovery/read-discovery.ts";
import { USUAL_KINDS } from "../../../src/services/kubernetes/discovery/usual-kinds.ts";
import { HAS_CLUSTER, sharedCluster } from "../cluster/cluster.ts";

test.skipIf(!HAS_CLUSTER)(
  "the usual kinds are as the API server says",
  async () => {
    const cluster = await sharedCluster();
    const told = async (path: string, group: string) =>
      resourcesOfList(v.parse(RESOURCES, await cluster.request("GET", path)), group, "v1");
    const server = [...(await told("/api/v1", "")), ...(await told("/apis/apps/v1", "apps"))];
    for (const { verbs, subresources, singular, ...kind } of USUAL_KINDS) {
      const found = server.find(({ plural, group }) => plural === kind.plural && group === kind.group);
      expect(found).toMatchObject(kind);
      expect(["", singular]).toContain(found?.singular ?? "");
      expect(found?.verbs).toEqual(expect.arrayContaining(verbs));
      expect(found?.subresources.includes("scale")).toBe(subresources.includes("scale"));
    }
  },
  60_000,
);

/** What versions of Grafana other than the stub's answer, and what they refuse: read as well, or told with what to do. */
import { describe, expect, test } from "bun:test";
import grafana from "../../../src/services/grafana/service.ts";
import { type AnswerTo, type Fault, startFaultServer } from "../fault-server.ts";
import { openedService } from "../opened-service.ts";
import { startGrafanaStub } from "./grafana-stub.ts";

const TIMEOUT = 60_000;
const OLD_TIME = "2018-01-31T17:43:12+01:00";
const NOT_FOUND: Fault = { kind: "answer", status: 404, body: { message: "Not found" } };

/** By method and path, with the query where that matters. */
function answering(answers: Record<string, unknown>): AnswerTo {
  return ({ method, path }) => {
    const [bare = ""] = path.split("?");
    const body = answers[`${method} ${path}`] ?? answers[`${method} ${bare}`];
    if (body === undefined) return NOT_FOUND;
    return { kind: "answer", body: typeof body === "string" ? body : JSON.stringify(body) };
  };
}

async function asked<T>(
  answer: Fault | AnswerTo,
  use: (service: Awaited<ReturnType<typeof openedService>>) => Promise<T>,
) {
  await using server = await startFaultServer(answer);
  await using service = await openedService(grafana, { url: server.url, limits: { retries: 0 } });
  return await use(service);
}

describe("older ones", () => {
  const folder = {
    id: 1,
    uid: "nErXDvCkzz",
    title: "Department ABC",
    url: "/dashboards/f/nErXDvCkzz/department-abc",
    hasAcl: false,
    canSave: true,
    canEdit: true,
    canAdmin: true,
    createdBy: "admin",
    created: OLD_TIME,
    updatedBy: "admin",
    updated: OLD_TIME,
    version: 1,
  };

  test("a folder where nothing counts what is in it", async () => {
    const { data, text } = await asked(answering({ "GET /api/folders/nErXDvCkzz": folder }), async ({ run }) =>
      run("folders", { uid: "nErXDvCkzz" }),
    );
    expect(data).toMatchObject({ folders: [{ title: "Department ABC", counts: {} }] });
    expect(text).toBe(`Department ABC (nErXDvCkzz): empty; changed ${OLD_TIME} by admin`);
  });

  test("folders in a folder, where there are none: it is not told that those at the top are", async () => {
    const hits = [{ id: 1, uid: "nErXDvCkzz", title: "Department ABC" }];
    const error = await asked(answering({ "GET /api/folders": hits }), async ({ errorOf }) =>
      errorOf("folders", { parent: "k3S1cklGk" }),
    );
    expect(error).toMatchObject({
      code: "SVC_007",
      message: expect.stringContaining("does not say which folders are in k3S1cklGk"),
      hint: expect.stringContaining("leave parent out"),
    });
  });

  test("versions as a bare list, and in parts", async () => {
    const version = (number: number) => ({
      id: number,
      dashboardId: 1,
      parentVersion: number - 1,
      restoredFrom: 0,
      version: number,
      created: OLD_TIME,
      createdBy: "admin",
      message: `save ${number}`,
    });
    const path = "GET /api/dashboards/uid/QA7wKklGz/versions";
    const bare = answering({ [path]: [version(2), version(1)] });
    const parts = answering({
      [`${path}?limit=1000`]: { continueToken: "more", versions: [version(2)] },
      [`${path}?limit=1000&continueToken=more`]: { continueToken: "", versions: [version(1)] },
    });
    for (const answer of [bare, parts]) {
      const { data } = await asked(answer, async ({ run }) => run("versions", { uid: "QA7wKklGz" }));
      expect(data).toMatchObject({ versions: [{ version: 2, message: "save 2" }, { version: 1 }] });
    }
  });

  test("annotations that leave out what is empty", async () => {
    const annotation = { id: 1123, time: 1_507_265_111_000, text: "test", tags: ["tag1"] };
    const { data } = await asked(answering({ "GET /api/annotations": [annotation, { id: 1 }] }), async ({ run }) =>
      run("annotations", { from: "2017-01-01T00:00:00Z" }),
    );
    expect(data).toMatchObject({
      annotations: [
        { id: 1123, time: "2017-10-06T04:45:11Z", text: "test", tags: ["tag1"] },
        { id: 1, text: "", tags: [] },
      ],
    });
  });
});

const LISTS = [
  ["search", {}, "GET /api/search"],
  ["folders", {}, "GET /api/folders"],
  ["datasources", {}, "GET /api/datasources"],
  ["alert_rules", {}, "GET /api/v1/provisioning/alert-rules"],
  ["notifications", { part: "templates" }, "GET /api/v1/provisioning/templates"],
  ["notifications", { part: "mute_timings" }, "GET /api/v1/provisioning/mute-timings"],
  ["annotations", {}, "GET /api/annotations"],
  ["people", { part: "orgs" }, "GET /api/orgs"],
  ["plugins", {}, "GET /api/plugins"],
] as const;

test.each(LISTS)("%s %j: a list that has nothing in it may be null", async (tool, args, path) => {
  for (const body of ["null", "[]"]) {
    const { data } = await asked(answering({ [path]: body }), async ({ run }) => run(tool, { ...args }));
    expect(data).toMatchObject({ total: 0 });
  }
});

describe("what is refused", () => {
  const refused = (status: number, body: object): Fault => ({ kind: "answer", status, body });
  const model = { dashboard: { uid: "abc", title: "Orders", version: 4 }, meta: {} };

  test.each([
    ["version-mismatch", "The dashboard has been changed by someone else", "Look at it again"],
    ["name-exists", "A dashboard with the same name in the folder already exists", "another title"],
    ["plugin-dashboard", "The dashboard belongs to plugin Clock.", "as a new dashboard"],
    ["", "Something else", "Look at it again"],
  ])("a dashboard that cannot be saved: %s", async (kind, message, hint) => {
    const error = await asked(
      ({ method }) =>
        method === "POST"
          ? refused(412, { message, ...(kind !== "" && { status: kind }) })
          : { kind: "answer", body: model },
      async ({ errorOf }) => errorOf("save_dashboard", { uid: "abc", dashboard: { title: "Orders" } }),
    );
    expect([error.code, error.message, error.hint]).toEqual([
      "SVC_007",
      expect.stringContaining(`: ${message} (HTTP 412)`),
      expect.stringContaining(hint),
    ]);
  });

  test("a folder that somebody else has renamed", async () => {
    const error = await asked(
      ({ method }) =>
        method === "PUT"
          ? refused(412, { message: "the folder has been changed by someone else", status: "version-mismatch" })
          : { kind: "answer", body: { uid: "abc", title: "Shop", version: 1 } },
      async ({ errorOf }) => errorOf("folder", { uid: "abc", title: "Store" }),
    );
    expect([error.code, error.message, error.hint]).toEqual([
      "SVC_007",
      expect.stringContaining("changed by someone else (HTTP 412)"),
      "Look at it again with grafana_folders, and then change it.",
    ]);
  });

  test("what the login may not do: which permission it lacks", async () => {
    const error = await asked(
      refused(403, {
        accessErrorId: "ACE0123456789",
        message: "You'll need additional permissions to perform this action. Permissions needed: dashboards:read",
        title: "Access denied",
      }),
      async ({ errorOf }) => errorOf("search", {}),
    );
    expect([error.code, error.message, error.hint]).toEqual([
      "SVC_004",
      expect.stringContaining("Permissions needed: dashboards:read (HTTP 403)"),
      "Its operator decides what the login in services.yaml may do.",
    ]);
  });

  test("permissions of data sources, which only Grafana Enterprise has", async () => {
    for (const args of [{}, { uid: "abc" }]) {
      const error = await asked(NOT_FOUND, async ({ errorOf }) =>
        errorOf("permissions", { kind: "datasources", ...args }),
      );
      expect(error).toMatchObject({
        code: "SVC_006",
        hint: "Only Grafana Enterprise and Grafana Cloud have permissions of data sources.",
      });
    }
  });
});

describe("dashboards in the newer form of Grafana 12 and later", () => {
  const targets = [{ refId: "A", scenarioId: "csv_metric_values", stringInput: "1,2" }];
  const panels = [{ id: 1, title: "Open", type: "stat", datasource: { uid: "samples" }, targets }];

  test(
    "are read as Grafana translates them, and not changed",
    async () => {
      await using stub = await startGrafanaStub();
      const auth = { type: "bearer", token: stub.token };
      await using service = await openedService(grafana, { url: stub.url, auth });
      await service.run("save_datasource", { name: "Samples", uid: "samples", type: "grafana-testdata-datasource" });
      const dashboard = { uid: "newer", title: "Newer", tags: ["newer-form"], panels };
      await service.run("save_dashboard", { dashboard });
      const { data, text } = await service.run("dashboard", { uid: "newer" });
      expect(data).toMatchObject({ title: "Newer", version: 1, translated: true, panels: [{ title: "Open" }] });
      expect(text).toContain("translated from a newer form");
      expect((await service.run("query", { dashboard: "newer", panel: 1 })).data).toMatchObject({
        results: [{ last: 2 }],
      });
      for (const change of [
        { patch: [{ op: "replace", path: "/title", value: "x" }] },
        { dashboard: { title: "x" } },
      ]) {
        const error = await service.errorOf("save_dashboard", { uid: "newer", ...change });
        expect([error.code, error.message, error.hint]).toEqual([
          "SVC_007",
          expect.stringContaining("kept in a newer form"),
          expect.stringContaining(`${stub.url}/d/newer`),
        ]);
      }
      await service.run("save_dashboard", {
        dashboard: { ...dashboard, uid: "broken", tags: ["newer-form", "failing"] },
      });
      const error = await service.errorOf("dashboard", { uid: "broken" });
      expect([error.code, error.message, error.hint]).toEqual([
        "SVC_007",
        "The dashboard broken is kept in a newer form, and Grafana cannot translate it",
        `People see it at ${stub.url}/d/broken.`,
      ]);
      expect(stub.violations).toEqual([]);
    },
    TIMEOUT,
  );

  test("where it is not said where they are", async () => {
    const error = await asked(
      { kind: "answer", status: 406, body: { message: "not acceptable" } },
      async ({ errorOf }) => errorOf("dashboard", { uid: "abc" }),
    );
    expect([error.code, error.message]).toEqual(["SVC_007", expect.stringContaining("not acceptable (HTTP 406)")]);
  });
});

test(
  "the stub takes nothing that the description has not",
  async () => {
    await using stub = await startGrafanaStub();
    const send = async (method: string, path: string, body?: unknown): Promise<number> => {
      const authorization = `Bearer ${stub.token}`;
      const init = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await fetch(`${stub.url}${path}`, { method, headers: { authorization }, ...init })).status;
    };
    expect(await send("GET", "/api/search?limit=10&tag=a&tag=b")).toBe(200);
    expect(stub.violations).toEqual([]);
    expect(await send("GET", "/api/nothing")).toBe(404);
    expect(await send("GET", "/api/search?folder=x")).toBe(400);
    expect(await send("GET", "/api/search?limit=9999")).toBe(400);
    expect(await send("POST", "/api/folders", { uid: "x" })).toBe(400);
    expect(await send("POST", "/api/folders", { title: "x", parent: "y" })).toBe(400);
    expect(await send("POST", "/api/folders", { title: 7 })).toBe(400);
    expect(await send("DELETE", "/api/annotations/1", { text: "x" })).toBe(400);
    expect(stub.violations).toEqual([
      "GET /api/nothing: there is no such operation",
      "GET /api/search: it has no parameter folder",
      "GET /api/search: its parameter limit is not 9999",
      expect.stringContaining("its body, title:"),
      expect.stringContaining("its body, parent:"),
      expect.stringContaining("its body, title:"),
      "DELETE /api/annotations/:id: it takes no body",
    ]);
  },
  TIMEOUT,
);

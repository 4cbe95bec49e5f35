/**
 * `startGrafanaStub`: a stub of Grafana for tests: it keeps what it is told in memory, and answers as the description in
 * `grafana-api.ts` has it. A request that the description does not know is refused, and so that a test sees it, noted; so is an
 * answer of the stub's own that the description would not allow. As a script it says where it is, and ends with its input.
 */
import { answerProblem, requestProblem } from "../described-operation.ts";
import { GRAFANA_API, REFUSAL } from "./grafana-api.ts";

export interface GrafanaStub extends AsyncDisposable {
  url: string;
  token: string;
  /** What was not as the description has it. */
  violations: string[];
  requests: { method: string; path: string; headers: Headers; body: unknown }[];
  /** Of a data source of its own kind, what it has been told to keep. */
  secretsOf(uid: string): Record<string, string>;
}

type Json = Record<string, unknown>;
interface Call {
  params: Record<string, string>;
  query: URLSearchParams;
  body: Json;
  headers: Headers;
}
interface Reply {
  status?: number;
  body: unknown;
}

/** Of secrets that must come out nowhere. */
export const PLANTED = "Pl4nt3dV7qZ2xK9wM3r";
const TOKEN = "glsa_stubstubstubstubstubstubstubstub_0123abcd";
const STARTED = new Date().toISOString();
/** As Go writes a time that is none. */
const NEVER = "0001-01-01T00:00:00Z";
const ADDRESS = { address1: "", address2: "", city: "", zipCode: "", state: "", country: "" };
/** Those of a new Grafana too. */
const LOGINS = new Set([`Bearer ${TOKEN}`, `Basic ${btoa("admin:admin")}`]);
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

export async function startGrafanaStub(): Promise<GrafanaStub> {
  const state = new State();
  const violations: string[] = [];
  const requests: GrafanaStub["requests"] = [];
  // What has a name of its own goes before what may have any.
  const routes = Object.entries(GRAFANA_API)
    .map(([key, operation]) => ({ key, operation, match: matcherOf(key) }))
    .toSorted((a, b) => a.key.split(":").length - b.key.split(":").length);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const text = await request.text();
      const body: unknown = text === "" ? {} : JSON.parse(text);
      requests.push({ method: request.method, path: `${url.pathname}${url.search}`, headers: request.headers, body });
      if (!LOGINS.has(request.headers.get("authorization") ?? "")) return json({ message: "Invalid API key" }, 401);
      const route = routes.find(({ match }) => match(request.method, url.pathname) !== undefined);
      if (route === undefined) {
        violations.push(`${request.method} ${url.pathname}: there is no such operation`);
        return json({ message: "Not found" }, 404);
      }
      const { key, operation, match } = route;
      // Variables of a dashboard have any name.
      const known = new URLSearchParams([...url.searchParams].filter(([name]) => !name.startsWith("var-")));
      const wrong = requestProblem(operation, known, body);
      if (wrong !== undefined) {
        violations.push(`${key}: ${wrong}`);
        return json({ message: wrong }, 400);
      }
      const call = {
        params: match(request.method, url.pathname) ?? {},
        query: url.searchParams,
        body: Object(body),
        headers: request.headers,
      };
      const { status = operation.status ?? 200, body: answer } = state.answer(key, call);
      if (answer instanceof Buffer)
        return new Response(new Uint8Array(answer), { headers: { "content-type": "image/png" } });
      const schema = status >= 300 ? (operation.refusal ?? REFUSAL) : operation.answer;
      const odd = answerProblem(schema, answer);
      if (odd !== undefined) violations.push(`${key} ${odd}`);
      return status === 204 ? new Response(null, { status }) : json(answer, status);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    token: TOKEN,
    violations,
    requests,
    secretsOf: (uid) => state.secrets.get(uid) ?? {},
    [Symbol.asyncDispose]: async () => await server.stop(true),
  };
}

function json(body: unknown, status: number): Response {
  return Response.json(body, { status });
}

function matcherOf(key: string) {
  const [method = "", path = ""] = key.split(" ");
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const pattern = new RegExp(`^${path.replace(/:\w+/g, "([^/]+)")}$`);
  return (asked: string, pathname: string): Record<string, string> | undefined => {
    const [, ...values] = (asked === method ? pattern.exec(pathname) : null) ?? [undefined];
    if (asked !== method || !pattern.test(pathname)) return undefined;
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]));
  };
}

class State {
  readonly #folders = new Map<string, Json>();
  readonly #dashboards = new Map<
    string,
    { model: Json; folderUid: string; versions: { model: Json; message: string; restoredFrom: number }[] }
  >();
  readonly #sources = new Map<string, Json>();
  readonly #rules = new Map<string, Json>();
  readonly #silences = new Map<string, Json>();
  readonly #annotations = new Map<number, Json>();
  readonly secrets = new Map<string, Record<string, string>>();
  #next = 1;

  answer(key: string, call: Call): Reply {
    const handler = this.#handlers[key];
    if (handler === undefined) throw new Error(`The stub has no answer for ${key}`);
    return handler(call);
  }

  readonly #handlers: Record<string, (call: Call) => Reply> = {
    "GET /api/health": () => ok({ commit: "abc", database: "ok", version: "11.6.0" }),
    "GET /api/org": ({ headers }) =>
      ok({ id: Number(headers.get("x-grafana-org-id") ?? 1), name: "Main Org.", address: ADDRESS }),
    "GET /api/user": () =>
      ok({ id: 1, login: "admin", email: "admin@localhost", name: "", orgId: 1, isGrafanaAdmin: true }),
    "GET /api/search": ({ query }) => ok(this.#search(query)),
    "GET /api/dashboards/uid/:uid": ({ params: { uid = "" } }) => this.#dashboard(uid),
    "GET /apis/dashboard.grafana.app/v1beta1/namespaces/:namespace/dashboards/:uid": ({ params }) =>
      this.#translated(params),
    "DELETE /api/dashboards/uid/:uid": ({ params: { uid = "" } }) => {
      const found = this.#dashboards.get(uid);
      if (found === undefined) return notFound("Dashboard not found");
      this.#dashboards.delete(uid);
      return ok({ id: 1, title: found.model["title"], message: "Dashboard deleted" });
    },
    "POST /api/dashboards/db": ({ body }) => this.#save(body),
    "GET /api/dashboards/uid/:uid/versions": ({ params: { uid = "" } }) => {
      const found = this.#dashboards.get(uid);
      if (found === undefined) return notFound("Dashboard not found");
      const versions = found.versions.map((one, index) => ({ ...versionOf(uid, index + 1, one), data: null }));
      return ok(versions.toReversed());
    },
    "GET /api/dashboards/uid/:uid/versions/:version": ({ params: { uid = "", version = "" } }) => {
      const one = this.#dashboards.get(uid)?.versions[Number(version) - 1];
      return one === undefined
        ? notFound("Dashboard version not found")
        : ok({ ...versionOf(uid, Number(version), one), data: one.model });
    },
    "POST /api/dashboards/uid/:uid/restore": ({ params: { uid = "" }, body }) => {
      const found = this.#dashboards.get(uid);
      const one = found?.versions[Number(body["version"]) - 1];
      if (found === undefined || one === undefined) return notFound("Dashboard version not found");
      return this.#write(uid, { ...one.model }, found.folderUid, "", Number(body["version"]));
    },
    "GET /api/folders": ({ query }) =>
      ok(
        [...this.#folders.values()]
          .filter((one) => (one["parentUid"] ?? "") === (query.get("parentUid") ?? ""))
          .map(({ id, uid, title, parentUid }) => ({ id, uid, title, ...(parentUid !== undefined && { parentUid }) })),
      ),
    "POST /api/folders": ({ body }) => {
      const uid = text(body["uid"]) || this.#uid();
      if (this.#folders.has(uid))
        return { status: 409, body: { message: "a folder with the same uid already exists" } };
      const folder = {
        id: this.#next++,
        uid,
        title: body["title"],
        url: `/dashboards/f/${uid}/x`,
        version: 1,
        ...stamps(),
        hasAcl: false,
        canSave: true,
        canEdit: true,
        canAdmin: true,
        canDelete: true,
        ...(body["parentUid"] !== undefined && { parentUid: body["parentUid"] }),
      };
      this.#folders.set(uid, folder);
      return ok(folder);
    },
    "GET /api/folders/:uid": ({ params: { uid = "" } }) => found(this.#folders.get(uid), "folder not found"),
    "PUT /api/folders/:uid": ({ params: { uid = "" }, body }) => {
      const folder = this.#folders.get(uid);
      if (folder === undefined) return notFound("folder not found");
      if (body["overwrite"] !== true && body["version"] !== folder["version"])
        return {
          status: 412,
          body: { message: "the folder has been changed by someone else", status: "version-mismatch" },
        };
      Object.assign(folder, { title: body["title"], version: Number(folder["version"]) + 1 });
      return ok(folder);
    },
    "DELETE /api/folders/:uid": ({ params: { uid = "" } }) => {
      for (const [id, one] of this.#dashboards) if (one.folderUid === uid) this.#dashboards.delete(id);
      return this.#folders.delete(uid)
        ? ok({ message: "Folder deleted", title: "", id: 1 })
        : notFound("folder not found");
    },
    "GET /api/folders/:uid/counts": ({ params: { uid = "" } }) => {
      const dashboards = [...this.#dashboards.values()].filter((one) => one.folderUid === uid).length;
      return ok({
        dashboard: dashboards,
        folder: 0,
        alertrule: [...this.#rules.values()].filter((one) => one["folderUID"] === uid).length,
      });
    },
    "GET /api/datasources": () =>
      ok(
        [...this.#sources.values()].map(
          ({
            secureJsonFields: _fields,
            withCredentials: _with,
            basicAuthUser: _user,
            version: _version,
            apiVersion: _api,
            ...one
          }) => ({ ...one, typeName: one["type"] }),
        ),
      ),
    "POST /api/datasources": ({ body }) => {
      if ([...this.#sources.values()].some((one) => one["name"] === body["name"]))
        return { status: 409, body: { message: "data source with the same name already exists" } };
      return this.#saveSource(text(body["uid"]) || this.#uid(), body, "Datasource added");
    },
    "GET /api/datasources/uid/:uid": ({ params: { uid = "" } }) =>
      found(this.#sources.get(uid), "Data source not found"),
    "PUT /api/datasources/uid/:uid": ({ params: { uid = "" }, body }) =>
      this.#sources.has(uid) ? this.#saveSource(uid, body, "Datasource updated") : notFound("Data source not found"),
    "DELETE /api/datasources/uid/:uid": ({ params: { uid = "" } }) =>
      this.#sources.delete(uid) ? ok({ message: "Data source deleted", id: 1 }) : notFound("Data source not found"),
    "GET /api/datasources/uid/:uid/health": ({ params: { uid = "" } }) => {
      const source = this.#sources.get(uid);
      if (source === undefined) return notFound("Data source not found");
      const isFine = source["type"] === "grafana-testdata-datasource";
      return isFine
        ? ok({ status: "OK", message: "Data source is working" })
        : { status: 400, body: { status: "ERROR", message: `Cannot reach it` } };
    },
    "POST /api/ds/query": ({ body }) => this.#query(body),
    "GET /api/v1/provisioning/alert-rules": () => ok([...this.#rules.values()]),
    "POST /api/v1/provisioning/alert-rules": ({ body }) => this.#saveRule(text(body["uid"]) || this.#uid(), body),
    "GET /api/v1/provisioning/alert-rules/:uid": ({ params: { uid = "" } }) =>
      found(this.#rules.get(uid), "alert rule not found"),
    "PUT /api/v1/provisioning/alert-rules/:uid": ({ params: { uid = "" }, body }) =>
      this.#rules.has(uid) ? this.#saveRule(uid, body) : notFound("alert rule not found"),
    "DELETE /api/v1/provisioning/alert-rules/:uid": ({ params: { uid = "" } }) => {
      this.#rules.delete(uid);
      return { body: {} };
    },
    "GET /api/prometheus/grafana/api/v1/rules": () => ok({ status: "success", data: { groups: this.#groups() } }),
    "GET /api/v1/provisioning/contact-points": () =>
      ok([
        {
          uid: "cp1",
          name: "mail",
          type: "email",
          settings: { addresses: "team@shop.example" },
          disableResolveMessage: false,
        },
        {
          uid: "cp2",
          name: "chat",
          type: "slack",
          settings: { url: `https://hooks.chat.example/services/${PLANTED}`, token: PLANTED, recipient: "#alerts" },
          disableResolveMessage: false,
        },
        {
          uid: "cp3",
          name: "hook",
          type: "webhook",
          settings: { url: `https://u:${PLANTED}@hook.example/x?key=${PLANTED}`, password: "[REDACTED]" },
          disableResolveMessage: true,
        },
      ]),
    "GET /api/v1/provisioning/policies": () =>
      ok({
        receiver: "mail",
        group_by: ["alertname"],
        group_wait: "30s",
        routes: [
          {
            receiver: "chat",
            object_matchers: [["severity", "=", "page"]],
            mute_time_intervals: ["night"],
            continue: true,
          },
        ],
      }),
    "GET /api/v1/provisioning/mute-timings": () =>
      ok([{ name: "night", time_intervals: [{ times: [{ start_time: "22:00", end_time: "24:00" }] }] }]),
    "GET /api/v1/provisioning/templates": () =>
      ok([{ name: "short", template: '{{ define "short" }}{{ .Status }}{{ end }}' }]),
    "GET /api/alertmanager/grafana/api/v2/alerts": ({ query }) => ok(this.#alerts(query.getAll("filter"))),
    "GET /api/alertmanager/grafana/api/v2/silences": () => ok([...this.#silences.values()]),
    "POST /api/alertmanager/grafana/api/v2/silences": ({ body }) => {
      const id = text(body["id"]) || crypto.randomUUID();
      const now = new Date().toISOString();
      this.#silences.set(id, { ...body, id, updatedAt: now, status: { state: "active" } });
      return { status: 202, body: { silenceID: id } };
    },
    "GET /api/alertmanager/grafana/api/v2/silence/:id": ({ params: { id = "" } }) =>
      found(this.#silences.get(id), "silence not found"),
    "DELETE /api/alertmanager/grafana/api/v2/silence/:id": ({ params: { id = "" } }) => {
      const silence = this.#silences.get(id);
      if (silence === undefined) return notFound("silence not found");
      Object.assign(silence, { status: { state: "expired" } });
      return ok({ message: "silence deleted" });
    },
    "GET /api/annotations": ({ query }) => ok(this.#annotationsFor(query)),
    "GET /api/annotations/:id": ({ params: { id = "" } }) =>
      found(this.#annotations.get(Number(id)), "Annotation not found"),
    "POST /api/annotations": ({ body }) => {
      const id = this.#next++;
      const time = Number(body["time"] ?? Date.now());
      this.#annotations.set(id, {
        id,
        dashboardUID: body["dashboardUID"] ?? null,
        panelId: body["panelId"] ?? 0,
        time,
        timeEnd: body["timeEnd"] ?? time,
        text: body["text"],
        tags: body["tags"] ?? [],
        newState: "",
        prevState: "",
        login: "admin",
        created: time,
        updated: time,
        data: {},
      });
      return ok({ message: "Annotation added", id });
    },
    "PATCH /api/annotations/:id": ({ params: { id = "" }, body }) => {
      const one = this.#annotations.get(Number(id));
      if (one === undefined) return notFound("Annotation not found");
      Object.assign(one, body);
      return ok({ message: "Annotation patched" });
    },
    "DELETE /api/annotations/:id": ({ params: { id = "" } }) =>
      this.#annotations.delete(Number(id)) ? ok({ message: "Annotation deleted" }) : notFound("Annotation not found"),
    "GET /api/annotations/tags": ({ query }) => {
      const counts = new Map<string, number>();
      for (const one of this.#annotations.values())
        for (const tag of texts(one["tags"])) counts.set(tag, (counts.get(tag) ?? 0) + 1);
      const tags = [...counts]
        .map(([tag, count]) => ({ tag, count }))
        .filter(({ tag }) => tag.includes(query.get("tag") ?? ""));
      return ok({ result: { tags } });
    },
    "GET /api/org/users": () =>
      ok([
        {
          orgId: 1,
          userId: 1,
          login: "admin",
          email: "admin@localhost",
          name: "",
          role: "Admin",
          avatarUrl: "/avatar/46d229b033af06a191ff2267bca9ae56",
          lastSeenAt: NEVER,
          lastSeenAtAge: "< 1 minute",
          isDisabled: false,
        },
      ]),
    "GET /api/orgs": () => ok([{ id: 1, name: "Main Org." }]),
    "GET /api/teams/search": () =>
      ok({
        totalCount: 1,
        page: 1,
        perPage: 1000,
        teams: [
          {
            id: 7,
            uid: "t7",
            orgId: 1,
            name: "core",
            email: "",
            avatarUrl: "",
            memberCount: 1,
            permission: 0,
            accessControl: null,
          },
        ],
      }),
    "GET /api/teams/:id/members": () =>
      ok([
        {
          orgId: 1,
          teamId: 7,
          userId: 1,
          auth_module: "",
          email: "admin@localhost",
          name: "",
          login: "admin",
          avatarUrl: "",
          labels: [],
          permission: 4,
        },
      ]),
    "GET /api/serviceaccounts/search": () =>
      ok({
        totalCount: 1,
        serviceAccounts: [
          { id: 3, name: "km", login: "sa-km", orgId: 1, role: "Editor", isDisabled: false, tokens: 1, avatarUrl: "" },
        ],
        page: 1,
        perPage: 1000,
      }),
    "GET /api/access-control/roles": () => ok([role("r1", "fixed:reader")]),
    "GET /api/access-control/roles/:uid": ({ params: { uid = "" } }) =>
      ok({ ...role(uid, "fixed:reader"), permissions: [{ action: "dashboards:read", scope: "dashboards:*" }] }),
    "GET /api/access-control/roles/:uid/assignments": ({ params: { uid = "" } }) =>
      ok({ role_uid: uid, users: [1], teams: [7], service_accounts: [] }),
    "GET /api/access-control/users/:id/roles": () => ok([role("r1", "fixed:reader")]),
    "GET /api/access-control/teams/:id/roles": () => ok([role("r1", "fixed:reader")]),
    "GET /api/access-control/:resource/description": () =>
      ok({
        assignments: { users: true, serviceAccounts: true, teams: true, builtInRoles: true },
        permissions: ["View", "Edit", "Admin"],
      }),
    "GET /api/access-control/:resource/:id": () =>
      ok([
        {
          id: 1,
          roleName: "basic:editor",
          isManaged: false,
          isInherited: true,
          isServiceAccount: false,
          builtInRole: "Editor",
          permission: "Edit",
          actions: ["dashboards:write"],
        },
        {
          id: 2,
          roleName: "managed:users:1",
          isManaged: true,
          isInherited: false,
          isServiceAccount: false,
          userId: 1,
          userLogin: "admin",
          permission: "Admin",
          actions: ["dashboards:delete"],
        },
      ]),
    "GET /api/plugins": ({ query }) => {
      const all = [
        {
          id: "grafana-clock-panel",
          name: "Clock",
          type: "panel",
          enabled: true,
          pinned: false,
          hasUpdate: true,
          latestVersion: "2.1.8",
          info: { version: "2.1.3" },
        },
        {
          id: "prometheus",
          name: "Prometheus",
          type: "datasource",
          enabled: true,
          pinned: false,
          hasUpdate: false,
          latestVersion: "",
          info: { version: "11.6.0" },
        },
      ];
      return ok(
        all
          .filter((one) => query.get("core") !== "0" || one.id !== "prometheus")
          .filter((one) => (query.get("type") ?? one.type) === one.type),
      );
    },
    "GET /render/d-solo/:uid/:slug": () => ({ body: PNG }),
  };

  #uid(): string {
    return `u${(this.#next++).toString(36)}${crypto.randomUUID().slice(0, 8)}`;
  }

  #search(query: URLSearchParams): Json[] {
    const words = (query.get("query") ?? "").toLowerCase();
    const [tags, folders, type] = [query.getAll("tag"), query.getAll("folderUIDs"), query.get("type")];
    const common = { uri: "db/x", slug: "", isStarred: false, isDeleted: false, sortMeta: 0 };
    const dashboards = [...this.#dashboards].map(([uid, { model, folderUid }]) => ({
      ...common,
      id: Number(model["id"]),
      uid,
      title: text(model["title"]),
      url: `/d/${uid}/x`,
      type: "dash-db",
      tags: texts(model["tags"]),
      ...(folderUid !== "" && {
        folderId: 1,
        folderUid,
        folderTitle: text(this.#folders.get(folderUid)?.["title"]),
        folderUrl: `/dashboards/f/${folderUid}/x`,
      }),
    }));
    const own = [...this.#folders.values()].map((one) => ({
      ...common,
      id: Number(one["id"]),
      uid: text(one["uid"]),
      title: text(one["title"]),
      url: text(one["url"]),
      type: "dash-folder",
      tags: [],
      folderUid: "",
    }));
    return [...own.map(({ folderUid: _none, ...one }) => one), ...dashboards]
      .filter((one) => type === null || one.type === type)
      .filter((one) => one.title.toLowerCase().includes(words))
      .filter((one) => tags.every((tag) => texts(one.tags).includes(tag)))
      .filter((one) => folders.length === 0 || folders.includes("folderUid" in one ? text(one.folderUid) : "general"));
  }

  #dashboard(uid: string): Reply {
    const found = this.#dashboards.get(uid);
    if (found === undefined) return notFound("Dashboard not found");
    const { model, folderUid } = found;
    if (texts(model["tags"]).includes("newer-form")) {
      const place = `/apis/dashboard.grafana.app/v2beta1/namespaces/default/dashboards/${uid}`;
      return { status: 406, body: { message: `dashboard api version not supported, use ${place} instead` } };
    }
    const folderTitle = text(this.#folders.get(folderUid)?.["title"]);
    const provisioned = texts(model["tags"]).includes("from-files");
    return ok({
      dashboard: model,
      meta: {
        type: "db",
        canSave: true,
        canEdit: true,
        canAdmin: true,
        canStar: true,
        canDelete: true,
        slug: "x",
        url: `/d/${uid}/x`,
        expires: NEVER,
        ...stamps(),
        version: model["version"],
        hasAcl: false,
        isFolder: false,
        apiVersion: "v1beta1",
        folderId: 0,
        folderUid,
        folderTitle,
        folderUrl: folderUid === "" ? "" : `/dashboards/f/${folderUid}/x`,
        provisioned,
        provisionedExternalId: "",
        annotationsPermissions: null,
      },
    });
  }

  #translated({ namespace = "", uid = "" }: Record<string, string>): Reply {
    const found = this.#dashboards.get(uid);
    if (found === undefined) return notFound("dashboard not found");
    const { id: _id, uid: _uid, version, ...spec } = found.model;
    return ok({
      kind: "Dashboard",
      apiVersion: "dashboard.grafana.app/v1beta1",
      metadata: {
        name: uid,
        namespace,
        generation: version,
        annotations: { "grafana.app/folder": found.folderUid, "grafana.app/updatedTimestamp": STARTED },
      },
      spec,
      status: {
        conversion: { failed: texts(spec["tags"]).includes("failing"), storedVersion: "v2beta1", error: "" },
      },
    });
  }

  #save({ dashboard, folderUid, message, overwrite }: Json): Reply {
    const model: Json = { ...Object(dashboard) };
    const uid = text(model["uid"]) || this.#uid();
    const before = this.#dashboards.get(uid);
    if (before !== undefined && overwrite !== true && model["version"] !== before.model["version"]) {
      return {
        status: 412,
        body: { message: "The dashboard has been changed by someone else", status: "version-mismatch" },
      };
    }
    return this.#write(uid, model, text(folderUid), text(message), 0);
  }

  #write(uid: string, model: Json, folderUid: string, message: string, restoredFrom: number): Reply {
    const versions = this.#dashboards.get(uid)?.versions ?? [];
    const version = versions.length + 1;
    const id = Number(this.#dashboards.get(uid)?.model["id"] ?? this.#next++);
    const stored = { ...model, id, uid, version };
    this.#dashboards.set(uid, {
      model: stored,
      folderUid,
      versions: [
        ...versions,
        {
          model: stored,
          message: message || (restoredFrom > 0 ? `Restored from version ${restoredFrom}` : ""),
          restoredFrom,
        },
      ],
    });
    return ok({ id, uid, url: `/d/${uid}/x`, status: "success", version, slug: "x", folderUid });
  }

  #saveSource(uid: string, body: Json, message: string): Reply {
    const { secureJsonData, ...rest } = body;
    const secrets = { ...this.secrets.get(uid), ...Object(secureJsonData) };
    this.secrets.set(uid, secrets);
    const source: Json = {
      user: "",
      database: "",
      basicAuth: false,
      basicAuthUser: "",
      withCredentials: false,
      isDefault: false,
      url: "",
      ...rest,
      id: Number(this.#sources.get(uid)?.["id"] ?? this.#next++),
      uid,
      orgId: 1,
      jsonData: rest["jsonData"] ?? {},
      secureJsonFields: Object.fromEntries(Object.keys(secrets).map((name) => [name, true])),
      version: Number(this.#sources.get(uid)?.["version"] ?? 0) + 1,
      readOnly: false,
      typeLogoUrl: "public/plugins/x/img/logo.svg",
      apiVersion: "",
    };
    this.#sources.set(uid, source);
    return ok({ id: source["id"], name: source["name"], message, datasource: source });
  }

  #query({ queries }: Json): Reply {
    const results: Record<string, unknown> = {};
    for (const one of Array.isArray(queries) ? queries : []) {
      const { refId, datasource, ...model }: Json = Object(one);
      const uid = text(Object(datasource)["uid"]);
      if (!this.#sources.has(uid)) return notFound("Data source not found");
      const asked = text(model["expr"]) || text(model["rawSql"]) || text(model["stringInput"]);
      if (asked.includes("bad"))
        return {
          status: 400,
          body: {
            results: {
              [text(refId)]: { error: "parse error: unexpected bad", errorSource: "downstream", status: 400 },
            },
          },
        };
      results[text(refId)] = { status: 200, frames: framesFor(asked, model) };
    }
    return ok({ results });
  }

  #saveRule(uid: string, body: Json): Reply {
    const rule = {
      annotations: {},
      labels: {},
      isPaused: false,
      ...body,
      id: Number(this.#rules.get(uid)?.["id"] ?? this.#next++),
      uid,
      updated: new Date().toISOString(),
      provenance: "",
    };
    this.#rules.set(uid, rule);
    return { body: rule };
  }

  #groups(): Json[] {
    return [...this.#rules.values()].map((one) => ({
      name: one["ruleGroup"],
      file: text(this.#folders.get(text(one["folderUID"]))?.["title"]),
      folderUid: one["folderUID"],
      rules: [
        {
          name: one["title"],
          uid: one["uid"],
          folderUid: one["folderUID"],
          query: JSON.stringify(one["data"]),
          state: "firing",
          health: "ok",
          type: "alerting",
          labels: one["labels"],
          lastEvaluation: NEVER,
          evaluationTime: 0,
        },
      ],
      totals: null,
      interval: 60,
      lastEvaluation: NEVER,
      evaluationTime: 0,
    }));
  }

  #alerts(filters: string[]): Json[] {
    const now = new Date().toISOString();
    const labels = { alertname: "Slow", severity: "page" };
    const alert = {
      fingerprint: "f1",
      startsAt: now,
      endsAt: now,
      updatedAt: now,
      generatorURL: "",
      labels,
      annotations: {},
      receivers: [{ name: "mail" }],
      status: { state: "active", silencedBy: [], inhibitedBy: [] },
    };
    return filters.every((one) => one === 'alertname="Slow"') ? [alert] : [];
  }

  #annotationsFor(query: URLSearchParams): Json[] {
    const [from, to] = [Number(query.get("from")), Number(query.get("to"))];
    const [tags, dashboard] = [query.getAll("tags"), query.get("dashboardUID")];
    const isAny = query.get("matchAny") === "true";
    return [...this.#annotations.values()]
      .filter((one) => Number(one["timeEnd"]) >= from && Number(one["time"]) <= to)
      .filter((one) => dashboard === null || one["dashboardUID"] === dashboard)
      .filter(
        (one) =>
          tags.length === 0 ||
          (isAny
            ? tags.some((tag) => texts(one["tags"]).includes(tag))
            : tags.every((tag) => texts(one["tags"]).includes(tag))),
      );
  }
}

/** Numbers with commas as a series; what begins with `logs` or `select` as a table. */
function framesFor(asked: string, model: Json): unknown[] {
  if (asked.startsWith("logs") || /^select/i.test(asked)) {
    const count = Number(/\d+/.exec(asked)?.[0] ?? 3);
    const lines = Array.from({ length: count }, (_, index) => `line ${index} token=${PLANTED}`);
    return [
      {
        schema: {
          refId: "A",
          fields: [
            { name: "Time", type: "time" },
            { name: "Line", type: "string" },
          ],
        },
        data: { values: [lines.map((_, index) => 1_700_000_000_000 + index), lines] },
      },
    ];
  }
  const numbers = model["scenarioId"] === "csv_metric_values" ? asked.split(",").map(Number) : [1, null, 3];
  const name = model["scenarioId"] === "csv_metric_values" ? "A-series" : "Value";
  const labels = model["scenarioId"] === "csv_metric_values" ? {} : { job: "web" };
  return [
    {
      schema: {
        refId: "A",
        fields: [
          { name: "time", type: "time" },
          { name, type: "number", labels },
        ],
      },
      data: { values: [numbers.map((_, index) => 1_700_000_000_000 + index * 60_000), numbers] },
    },
  ];
}

function versionOf(uid: string, version: number, { message, restoredFrom }: { message: string; restoredFrom: number }) {
  return {
    id: version,
    dashboardId: 1,
    uid,
    parentVersion: version - 1,
    restoredFrom,
    version,
    created: STARTED,
    createdBy: "admin",
    message,
  };
}

function role(uid: string, name: string) {
  return {
    uid,
    name,
    displayName: name,
    description: "",
    group: "",
    version: 1,
    global: true,
    updated: STARTED,
    created: STARTED,
  };
}

function stamps() {
  return { created: STARTED, createdBy: "admin", updated: STARTED, updatedBy: "admin" };
}

function ok(body: unknown): Reply {
  return { body };
}

function notFound(message: string): Reply {
  return { status: 404, body: { message } };
}

function found(one: Json | undefined, message: string): Reply {
  return one === undefined ? notFound(message) : ok(one);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

if (import.meta.main) {
  const stub = await startGrafanaStub();
  process.stdout.write(`${stub.url}\n`);
  await Bun.stdin.text();
  process.stdout.write(stub.violations.map((one) => `${one}\n`).join(""));
  await stub[Symbol.asyncDispose]();
}

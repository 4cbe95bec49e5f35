/**
 * `grafanaApi`: which requests Grafana's HTTP API takes and what it answers, as far as km uses it, by its published description
 * (version 11: `api-merged.json` of its repository, and the examples of its documentation). The stub answers nothing else, and
 * takes nothing else.
 */
import * as v from "valibot";

export interface Operation {
  /** Parameters that it knows. */
  query?: readonly string[];
  /** Members of the body that it knows; all where it is somebody else's affair. */
  body?: readonly string[] | "any";
  /** Of them, those that must be there. */
  required?: readonly string[];
  status?: number;
  answer: v.GenericSchema;
}

const message = v.looseObject({ message: v.string() });
const nothing = v.unknown();
const time = v.pipe(v.string(), v.isoTimestamp());
const hit = v.strictObject({
  id: v.number(),
  uid: v.string(),
  title: v.string(),
  uri: v.string(),
  url: v.string(),
  slug: v.string(),
  type: v.picklist(["dash-db", "dash-folder"]),
  tags: v.array(v.string()),
  isStarred: v.boolean(),
  isDeleted: v.boolean(),
  sortMeta: v.number(),
  folderId: v.optional(v.number()),
  folderUid: v.optional(v.string()),
  folderTitle: v.optional(v.string()),
  folderUrl: v.optional(v.string()),
});
const dashboard = v.object({
  dashboard: v.looseObject({ id: v.number(), uid: v.string(), title: v.string(), version: v.number() }),
  meta: v.looseObject({
    url: v.string(),
    slug: v.string(),
    folderUid: v.string(),
    folderTitle: v.string(),
    provisioned: v.boolean(),
    updated: time,
    updatedBy: v.string(),
    version: v.number(),
  }),
});
const saved = v.strictObject({
  id: v.number(),
  uid: v.string(),
  url: v.string(),
  status: v.literal("success"),
  version: v.number(),
  slug: v.string(),
  folderUid: v.optional(v.string()),
});
const version = v.looseObject({
  id: v.number(),
  dashboardId: v.number(),
  uid: v.string(),
  parentVersion: v.number(),
  restoredFrom: v.number(),
  version: v.number(),
  created: time,
  createdBy: v.string(),
  message: v.string(),
});
const folderHit = v.looseObject({ id: v.number(), uid: v.string(), title: v.string() });
const folder = v.looseObject({
  id: v.number(),
  uid: v.string(),
  title: v.string(),
  url: v.string(),
  version: v.number(),
  created: time,
  createdBy: v.string(),
  updated: time,
  updatedBy: v.string(),
  canSave: v.boolean(),
  canEdit: v.boolean(),
  canAdmin: v.boolean(),
});
const source = v.looseObject({
  id: v.number(),
  uid: v.string(),
  orgId: v.number(),
  name: v.string(),
  type: v.string(),
  access: v.string(),
  url: v.string(),
  user: v.string(),
  database: v.string(),
  basicAuth: v.boolean(),
  isDefault: v.boolean(),
  jsonData: v.looseObject({}),
  readOnly: v.boolean(),
});
const wholeSource = v.intersect([
  source,
  v.looseObject({
    basicAuthUser: v.string(),
    withCredentials: v.boolean(),
    secureJsonFields: v.record(v.string(), v.boolean()),
    version: v.number(),
  }),
]);
const savedSource = v.object({ id: v.number(), name: v.string(), message: v.string(), datasource: wholeSource });
const frames = v.object({
  results: v.record(
    v.string(),
    v.looseObject({
      status: v.optional(v.number()),
      frames: v.optional(
        v.array(
          v.object({
            schema: v.looseObject({ fields: v.array(v.looseObject({ name: v.string(), type: v.string() })) }),
            data: v.object({ values: v.array(v.array(v.unknown())) }),
          }),
        ),
      ),
    }),
  ),
});
const rule = v.looseObject({
  id: v.number(),
  uid: v.string(),
  orgID: v.number(),
  folderUID: v.string(),
  ruleGroup: v.string(),
  title: v.string(),
  condition: v.string(),
  data: v.array(v.looseObject({ refId: v.string(), datasourceUid: v.string() })),
  updated: time,
  noDataState: v.string(),
  execErrState: v.string(),
  for: v.string(),
  isPaused: v.boolean(),
});
const ruleStates = v.object({
  status: v.literal("success"),
  data: v.looseObject({
    groups: v.array(
      v.looseObject({
        name: v.string(),
        file: v.string(),
        folderUid: v.string(),
        rules: v.array(v.looseObject({ name: v.string(), state: v.string(), health: v.string(), type: v.string() })),
      }),
    ),
  }),
});
const contact = v.looseObject({
  uid: v.string(),
  name: v.string(),
  type: v.string(),
  settings: v.looseObject({}),
  disableResolveMessage: v.boolean(),
});
const annotation = v.looseObject({
  id: v.number(),
  dashboardUID: v.nullable(v.string()),
  panelId: v.number(),
  time: v.number(),
  timeEnd: v.number(),
  text: v.string(),
  tags: v.array(v.string()),
  newState: v.string(),
  login: v.string(),
});
const silence = v.looseObject({
  id: v.string(),
  status: v.object({ state: v.string() }),
  comment: v.string(),
  createdBy: v.string(),
  startsAt: time,
  endsAt: time,
  updatedAt: time,
  matchers: v.array(v.looseObject({ name: v.string(), value: v.string(), isRegex: v.boolean(), isEqual: v.boolean() })),
});
const alert = v.looseObject({
  fingerprint: v.string(),
  startsAt: time,
  endsAt: time,
  updatedAt: time,
  labels: v.record(v.string(), v.string()),
  annotations: v.record(v.string(), v.string()),
  receivers: v.array(v.looseObject({ name: v.string() })),
  status: v.looseObject({ state: v.string(), silencedBy: v.array(v.string()), inhibitedBy: v.array(v.string()) }),
});
const user = v.looseObject({
  userId: v.number(),
  login: v.string(),
  email: v.string(),
  name: v.string(),
  role: v.string(),
});
const role = v.looseObject({
  uid: v.string(),
  name: v.string(),
  version: v.number(),
  global: v.boolean(),
  updated: time,
  created: time,
});

const SOURCE_BODY = [
  "id",
  "uid",
  "orgId",
  "name",
  "type",
  "access",
  "url",
  "user",
  "database",
  "basicAuth",
  "basicAuthUser",
  "withCredentials",
  "isDefault",
  "jsonData",
  "secureJsonData",
  "secureJsonFields",
  "version",
];
const RULE_BODY = [
  "id",
  "uid",
  "orgID",
  "folderUID",
  "ruleGroup",
  "title",
  "condition",
  "data",
  "noDataState",
  "execErrState",
  "for",
  "keep_firing_for",
  "annotations",
  "labels",
  "isPaused",
  "notification_settings",
  "record",
];
const RULE_REQUIRED = [
  "orgID",
  "folderUID",
  "ruleGroup",
  "title",
  "condition",
  "data",
  "noDataState",
  "execErrState",
  "for",
];
const DASHBOARD_BODY = ["dashboard", "folderId", "folderUid", "message", "overwrite", "UpdatedAt", "userId"];
const ALERTMANAGER = "/api/alertmanager/grafana/api/v2";

/** `:name` stands for one segment. */
export const GRAFANA_API: Record<string, Operation> = {
  "GET /api/health": { answer: v.looseObject({ database: v.string(), version: v.string(), commit: v.string() }) },
  "GET /api/org": { answer: v.looseObject({ id: v.number(), name: v.string(), address: v.looseObject({}) }) },
  "GET /api/user": {
    answer: v.looseObject({
      id: v.number(),
      login: v.string(),
      email: v.string(),
      name: v.string(),
      orgId: v.number(),
      isGrafanaAdmin: v.boolean(),
    }),
  },
  "GET /api/search": {
    query: [
      "query",
      "tag",
      "type",
      "dashboardIds",
      "dashboardUIDs",
      "folderIds",
      "folderUIDs",
      "starred",
      "limit",
      "page",
      "permission",
      "sort",
      "deleted",
    ],
    answer: v.array(hit),
  },
  "GET /api/dashboards/uid/:uid": { answer: dashboard },
  "DELETE /api/dashboards/uid/:uid": { answer: v.looseObject({ title: v.string(), message: v.string() }) },
  "POST /api/dashboards/db": { body: DASHBOARD_BODY, required: ["dashboard"], answer: saved },
  "GET /api/dashboards/uid/:uid/versions": { query: ["limit", "start"], answer: v.array(version) },
  "GET /api/dashboards/uid/:uid/versions/:version": {
    answer: v.intersect([version, v.looseObject({ data: v.looseObject({}) })]),
  },
  "POST /api/dashboards/uid/:uid/restore": { body: ["version"], required: ["version"], answer: saved },
  "GET /api/folders": { query: ["limit", "page", "parentUid", "permission"], answer: v.array(folderHit) },
  "POST /api/folders": { body: ["uid", "title", "description", "parentUid"], required: ["title"], answer: folder },
  "GET /api/folders/:uid": { answer: folder },
  "PUT /api/folders/:uid": {
    body: ["title", "description", "version", "overwrite"],
    required: ["title"],
    answer: folder,
  },
  "DELETE /api/folders/:uid": { query: ["forceDeleteRules"], answer: message },
  "GET /api/folders/:uid/counts": { answer: v.record(v.string(), v.number()) },
  "GET /api/datasources": { answer: v.array(source) },
  "POST /api/datasources": { body: SOURCE_BODY, required: ["name", "type", "access"], answer: savedSource },
  "GET /api/datasources/uid/:uid": { answer: wholeSource },
  "PUT /api/datasources/uid/:uid": { body: SOURCE_BODY, required: ["name", "type", "access"], answer: savedSource },
  "DELETE /api/datasources/uid/:uid": { answer: message },
  "GET /api/datasources/uid/:uid/health": { answer: v.looseObject({ status: v.string(), message: v.string() }) },
  "POST /api/ds/query": {
    body: ["queries", "from", "to", "debug"],
    required: ["queries", "from", "to"],
    answer: frames,
  },
  "GET /api/v1/provisioning/alert-rules": { answer: v.array(rule) },
  "POST /api/v1/provisioning/alert-rules": { body: RULE_BODY, required: RULE_REQUIRED, status: 201, answer: rule },
  "GET /api/v1/provisioning/alert-rules/:uid": { answer: rule },
  "PUT /api/v1/provisioning/alert-rules/:uid": { body: RULE_BODY, required: RULE_REQUIRED, answer: rule },
  "DELETE /api/v1/provisioning/alert-rules/:uid": { status: 204, answer: nothing },
  "GET /api/prometheus/grafana/api/v1/rules": {
    query: ["dashboard_uid", "panel_id", "limit_alerts", "matcher", "state"],
    answer: ruleStates,
  },
  "GET /api/v1/provisioning/contact-points": { query: ["name"], answer: v.array(contact) },
  "GET /api/v1/provisioning/policies": { answer: v.looseObject({ receiver: v.string() }) },
  "GET /api/v1/provisioning/mute-timings": {
    answer: v.array(v.looseObject({ name: v.string(), time_intervals: v.array(v.unknown()) })),
  },
  "GET /api/v1/provisioning/templates": { answer: v.array(v.looseObject({ name: v.string(), template: v.string() })) },
  [`GET ${ALERTMANAGER}/alerts`]: {
    query: ["active", "silenced", "inhibited", "unprocessed", "filter", "receiver"],
    answer: v.array(alert),
  },
  [`GET ${ALERTMANAGER}/silences`]: { query: ["filter"], answer: v.array(silence) },
  [`POST ${ALERTMANAGER}/silences`]: {
    body: ["id", "matchers", "startsAt", "endsAt", "createdBy", "comment"],
    required: ["matchers", "startsAt", "endsAt", "createdBy", "comment"],
    status: 202,
    answer: v.looseObject({ silenceID: v.string() }),
  },
  [`GET ${ALERTMANAGER}/silence/:id`]: { answer: silence },
  [`DELETE ${ALERTMANAGER}/silence/:id`]: { answer: message },
  "GET /api/annotations": {
    query: [
      "from",
      "to",
      "userId",
      "alertId",
      "alertUID",
      "dashboardId",
      "dashboardUID",
      "panelId",
      "limit",
      "tags",
      "type",
      "matchAny",
    ],
    answer: v.array(annotation),
  },
  "GET /api/annotations/:id": { answer: annotation },
  "POST /api/annotations": {
    body: ["dashboardId", "dashboardUID", "panelId", "time", "timeEnd", "tags", "text", "data"],
    required: ["text"],
    answer: v.object({ message: v.string(), id: v.number() }),
  },
  "PATCH /api/annotations/:id": { body: ["text", "tags", "time", "timeEnd", "data"], answer: message },
  "DELETE /api/annotations/:id": { answer: message },
  "GET /api/annotations/tags": {
    query: ["tag", "limit"],
    answer: v.object({ result: v.object({ tags: v.array(v.object({ tag: v.string(), count: v.number() })) }) }),
  },
  "GET /api/org/users": { query: ["accesscontrol", "userId"], answer: v.array(user) },
  "GET /api/orgs": {
    query: ["page", "perpage", "name", "query"],
    answer: v.array(v.looseObject({ id: v.number(), name: v.string() })),
  },
  "GET /api/teams/search": {
    query: ["page", "perpage", "name", "query", "accesscontrol", "sort"],
    answer: v.looseObject({
      totalCount: v.number(),
      teams: v.array(v.looseObject({ id: v.number(), uid: v.string(), name: v.string(), memberCount: v.number() })),
      page: v.number(),
      perPage: v.number(),
    }),
  },
  "GET /api/teams/:id/members": {
    answer: v.array(v.looseObject({ userId: v.number(), login: v.string(), permission: v.number() })),
  },
  "GET /api/serviceaccounts/search": {
    query: ["Disabled", "expiredTokens", "query", "perpage", "page"],
    answer: v.looseObject({
      serviceAccounts: v.array(
        v.looseObject({
          id: v.number(),
          name: v.string(),
          login: v.string(),
          role: v.string(),
          isDisabled: v.boolean(),
          tokens: v.number(),
        }),
      ),
    }),
  },
  "GET /api/access-control/roles": { query: ["delegatable", "includeHidden", "targetOrgId"], answer: v.array(role) },
  "GET /api/access-control/roles/:uid": {
    answer: v.intersect([role, v.looseObject({ permissions: v.array(v.looseObject({ action: v.string() })) })]),
  },
  "GET /api/access-control/roles/:uid/assignments": {
    answer: v.looseObject({
      role_uid: v.string(),
      users: v.array(v.number()),
      teams: v.array(v.number()),
      service_accounts: v.array(v.number()),
    }),
  },
  "GET /api/access-control/users/:id/roles": {
    query: ["includeHidden", "includeMapped", "targetOrgId"],
    answer: v.array(role),
  },
  "GET /api/access-control/teams/:id/roles": { query: ["targetOrgId"], answer: v.array(role) },
  "GET /api/access-control/:resource/description": {
    answer: v.object({ assignments: v.looseObject({}), permissions: v.array(v.string()) }),
  },
  "GET /api/access-control/:resource/:id": {
    answer: v.array(
      v.looseObject({
        id: v.number(),
        isManaged: v.boolean(),
        isInherited: v.boolean(),
        permission: v.string(),
        actions: v.array(v.string()),
      }),
    ),
  },
  "GET /api/plugins": {
    query: ["enabled", "embedded", "core", "type"],
    answer: v.array(
      v.looseObject({
        id: v.string(),
        name: v.string(),
        type: v.string(),
        enabled: v.boolean(),
        hasUpdate: v.boolean(),
        info: v.looseObject({ version: v.string() }),
      }),
    ),
  },
  "GET /render/d-solo/:uid/:slug": {
    query: ["orgId", "from", "to", "panelId", "width", "height", "theme", "tz", "scale", "timeout"],
    answer: nothing,
  },
};

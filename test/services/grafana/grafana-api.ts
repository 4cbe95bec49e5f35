/**
 * `GRAFANA_API`: which requests Grafana's HTTP API takes and what it answers, as far as km uses it, by its published
 * description (grafana/grafana, `public/api-merged.json`, commit 64399397, of version 12) and the types that it is made from, named at
 * each below, which also say what is left out where it is empty; for what has no place there (plugins, pictures) by its handlers. The stub takes nothing else, and answers nothing else: an
 * unknown path, parameter or member, a wrong type, or something that is missing fails the tests.
 */
import * as v from "valibot";
import type { DescribedOperation } from "../described-operation.ts";

const ANY = /./;
const NUMBER = /^-?\d+$/;
const MILLISECONDS = /^\d{13}$/;
const BOOLEAN = /^(?:true|false)$/;
const ZERO_OR_ONE = /^[01]$/;

const text = v.string();
const truth = v.boolean();
const whole = v.pipe(v.number(), v.safeInteger());
/** As Go writes it, with any offset. */
const time = v.pipe(text, v.isoTimestamp());
/** As Prometheus writes it: 1m, 1h30m. */
const duration = v.pipe(text, v.regex(/^(?:0|(?:\d+(?:y|w|d|h|m|s|ms))+)$/));
const anything = v.looseObject({});
const maybe = v.optional;
const rights = maybe(v.record(text, truth));
const texts = v.record(text, text);

const message = v.strictObject({ message: text, id: maybe(whole), title: maybe(text) });

/** `pkg/api/response`, `pkg/apimachinery/errutil` and `pkg/middleware` for what is refused. */
export const REFUSAL = v.strictObject({
  message: text,
  messageId: maybe(text),
  statusCode: maybe(whole),
  traceID: maybe(text),
  status: maybe(text),
  error: maybe(text),
  title: maybe(text),
  accessErrorId: maybe(text),
  extra: maybe(anything),
});

/** `pkg/services/search/model`, Hit */
const hit = v.strictObject({
  id: whole,
  uid: text,
  orgId: maybe(whole),
  title: text,
  uri: text,
  url: text,
  slug: text,
  type: v.picklist(["dash-db", "dash-folder"]),
  tags: v.nullable(v.array(text)),
  isStarred: truth,
  folderId: maybe(whole),
  folderUid: maybe(text),
  folderTitle: maybe(text),
  folderUrl: maybe(text),
  sortMeta: whole,
  sortMetaName: maybe(text),
  isDeleted: maybe(truth),
  permanentlyDeleteDate: maybe(time),
});
/** `pkg/api/dtos`, DashboardFullWithMeta and DashboardMeta */
const dashboard = v.strictObject({
  dashboard: v.looseObject({ id: whole, uid: text, title: text, version: whole }),
  meta: v.strictObject({
    type: maybe(text),
    isStarred: maybe(truth),
    isSnapshot: maybe(truth),
    canSave: truth,
    canEdit: truth,
    canAdmin: truth,
    canStar: truth,
    canDelete: truth,
    slug: text,
    url: text,
    expires: time,
    created: time,
    updated: time,
    updatedBy: text,
    createdBy: text,
    version: whole,
    hasAcl: truth,
    isFolder: truth,
    apiVersion: maybe(text),
    folderId: whole,
    folderUid: text,
    folderTitle: text,
    folderUrl: text,
    provisioned: truth,
    provisionedExternalId: text,
    annotationsPermissions: v.nullable(anything),
    publicDashboardEnabled: maybe(truth),
  }),
});
/** `apps/dashboard/pkg/apis/dashboard/v1beta1`, Dashboard and DashboardStatus; its metadata are those of Kubernetes */
const translatedDashboard = v.strictObject({
  kind: v.literal("Dashboard"),
  apiVersion: v.literal("dashboard.grafana.app/v1beta1"),
  metadata: v.looseObject({ name: text, namespace: text, generation: whole, annotations: maybe(texts) }),
  spec: anything,
  status: maybe(
    v.strictObject({
      conversion: maybe(v.strictObject({ failed: truth, storedVersion: text, error: text, source: maybe(anything) })),
    }),
  ),
});
/** `pkg/services/dashboards`, SaveDashboardCommand, without what is deprecated */
const saveDashboard = v.strictObject({
  dashboard: v.looseObject({ title: text, id: maybe(v.nullable(whole)), uid: maybe(text), version: maybe(whole) }),
  folderUid: maybe(text),
  message: maybe(text),
  overwrite: maybe(truth),
});
const saved = v.strictObject({
  id: whole,
  uid: text,
  url: text,
  status: v.literal("success"),
  version: whole,
  slug: text,
  folderUid: maybe(text),
});
/** `pkg/services/dashboardversion`, DashboardVersionMeta; some wrap the list (DashboardVersionResponseMeta) */
const version = {
  id: whole,
  dashboardId: whole,
  uid: text,
  parentVersion: whole,
  restoredFrom: whole,
  version: whole,
  created: time,
  createdBy: text,
  message: text,
};
const listed = v.array(v.strictObject({ ...version, data: v.nullable(anything) }));
const versions = v.union([listed, v.strictObject({ continueToken: text, versions: listed })]);
/** `pkg/api/dtos`, FolderSearchHit and Folder */
const folderHit = v.strictObject({
  id: whole,
  uid: text,
  title: text,
  parentUid: maybe(text),
  managedBy: maybe(text),
});
const folder = v.strictObject({
  id: whole,
  uid: text,
  orgId: maybe(whole),
  title: text,
  url: text,
  hasAcl: truth,
  canSave: truth,
  canEdit: truth,
  canAdmin: truth,
  canDelete: truth,
  createdBy: text,
  created: time,
  updatedBy: text,
  updated: time,
  version: maybe(whole),
  parentUid: maybe(text),
  parents: maybe(v.array(anything)),
  managedBy: maybe(text),
  accessControl: rights,
});
/** `pkg/api/dtos`, DataSourceListItemDTO and DataSource; `pkg/services/datasources`, AddDataSourceCommand and UpdateDataSourceCommand */
const source = {
  id: whole,
  uid: text,
  orgId: whole,
  name: text,
  type: text,
  typeLogoUrl: text,
  access: v.picklist(["proxy", "direct"]),
  url: text,
  user: text,
  database: text,
  basicAuth: truth,
  isDefault: truth,
  jsonData: maybe(anything),
  readOnly: truth,
};
const wholeSource = v.strictObject({
  ...source,
  basicAuthUser: text,
  withCredentials: truth,
  secureJsonFields: v.record(text, truth),
  version: whole,
  accessControl: rights,
  apiVersion: text,
});
const sourceBody = {
  name: text,
  type: text,
  access: v.picklist(["proxy", "direct"]),
  url: maybe(text),
  user: maybe(text),
  database: maybe(text),
  basicAuth: maybe(truth),
  basicAuthUser: maybe(text),
  withCredentials: maybe(truth),
  isDefault: maybe(truth),
  jsonData: maybe(anything),
  secureJsonData: maybe(texts),
  uid: maybe(text),
};
const savedSource = v.strictObject({ id: whole, name: text, message: text, datasource: wholeSource });
/** `pkg/api/dtos`, MetricRequest; grafana-plugin-sdk-go, `backend` QueryDataResponse and `data` FrameJSON */
const queries = v.strictObject({
  from: text,
  to: text,
  queries: v.pipe(
    v.array(
      v.looseObject({
        refId: text,
        datasource: v.strictObject({ type: text, uid: text }),
        maxDataPoints: maybe(whole),
        intervalMs: maybe(v.number()),
      }),
    ),
    v.minLength(1),
  ),
  debug: maybe(truth),
});
const field = v.strictObject({
  name: text,
  type: v.picklist(["time", "number", "string", "boolean", "enum", "other"]),
  typeInfo: maybe(anything),
  labels: maybe(texts),
  config: maybe(anything),
});
const frame = v.strictObject({
  schema: v.strictObject({ refId: maybe(text), name: maybe(text), meta: maybe(anything), fields: v.array(field) }),
  data: v.strictObject({
    values: v.array(v.array(v.unknown())),
    entities: maybe(v.array(v.unknown())),
    nanos: maybe(v.array(v.unknown())),
  }),
});
const results = v.strictObject({
  results: v.record(
    text,
    v.strictObject({
      status: maybe(whole),
      frames: maybe(v.array(frame)),
      error: maybe(text),
      errorSource: maybe(text),
    }),
  ),
});
/** `pkg/services/ngalert/api/tooling/definitions`, ProvisionedAlertRule */
const ruleBody = {
  id: maybe(whole),
  uid: maybe(text),
  orgID: whole,
  folderUID: text,
  ruleGroup: v.pipe(text, v.minLength(1), v.maxLength(190)),
  title: v.pipe(text, v.minLength(1), v.maxLength(190)),
  condition: text,
  data: v.array(
    v.strictObject({
      refId: text,
      queryType: maybe(text),
      relativeTimeRange: maybe(v.strictObject({ from: whole, to: whole })),
      datasourceUid: text,
      model: anything,
    }),
  ),
  noDataState: v.picklist(["Alerting", "NoData", "OK", "KeepLast"]),
  execErrState: v.picklist(["OK", "Alerting", "Error", "KeepLast"]),
  for: duration,
  keep_firing_for: maybe(duration),
  missingSeriesEvalsToResolve: maybe(whole),
  annotations: maybe(texts),
  labels: maybe(texts),
  isPaused: maybe(truth),
  notification_settings: maybe(v.nullable(anything)),
  record: maybe(v.nullable(anything)),
};
const rule = v.strictObject({
  ...ruleBody,
  id: whole,
  uid: text,
  isPaused: truth,
  updated: time,
  provenance: maybe(v.picklist(["", "api", "file"])),
});
/** The same folder, RuleResponse */
const ruleStates = v.strictObject({
  status: v.literal("success"),
  data: v.strictObject({
    groups: v.array(
      v.strictObject({
        name: text,
        file: text,
        folderUid: text,
        rules: v.array(
          v.strictObject({
            uid: maybe(text),
            folderUid: maybe(text),
            state: maybe(text),
            name: text,
            query: text,
            isPaused: maybe(truth),
            provenance: maybe(text),
            notificationSettings: maybe(v.nullable(anything)),
            duration: maybe(v.number()),
            annotations: maybe(texts),
            labels: maybe(texts),
            alerts: maybe(v.array(anything)),
            totals: maybe(v.nullable(anything)),
            totalsFiltered: maybe(v.nullable(anything)),
            health: text,
            lastError: maybe(text),
            type: v.picklist(["alerting", "recording"]),
            lastEvaluation: time,
            evaluationTime: v.number(),
          }),
        ),
        totals: v.nullable(anything),
        interval: v.number(),
        lastEvaluation: time,
        evaluationTime: v.number(),
      }),
    ),
    totals: maybe(v.nullable(anything)),
    groupNextToken: maybe(text),
  }),
});
/** The same folder: EmbeddedContactPoint, Route, MuteTimeInterval, NotificationTemplate */
const provenance = maybe(text);
const contact = v.strictObject({
  uid: text,
  name: text,
  type: text,
  settings: anything,
  disableResolveMessage: truth,
  provenance,
});
const policy = {
  receiver: maybe(text),
  group_by: maybe(v.array(text)),
  match: maybe(texts),
  match_re: maybe(texts),
  matchers: maybe(v.array(anything)),
  object_matchers: maybe(v.array(v.tuple([text, v.picklist(["=", "!=", "=~", "!~"]), text]))),
  mute_time_intervals: maybe(v.array(text)),
  active_time_intervals: maybe(v.array(text)),
  continue: maybe(truth),
  group_wait: maybe(duration),
  group_interval: maybe(duration),
  repeat_interval: maybe(duration),
  provenance,
};
const route: v.GenericSchema = v.strictObject({ ...policy, routes: maybe(v.array(v.lazy(() => route))) });
const muteTiming = v.strictObject({ name: text, time_intervals: v.array(anything), version: maybe(text), provenance });
const template = v.strictObject({ name: text, template: text, version: maybe(text), provenance });
/** `pkg/services/annotations`, Annotation (ItemDTO): what is empty is left out; `pkg/api/dtos`, PostAnnotationsCmd and PatchAnnotationsCmd */
const annotation = v.strictObject({
  id: maybe(whole),
  alertId: maybe(whole),
  alertName: maybe(text),
  dashboardId: maybe(whole),
  dashboardUID: maybe(v.nullable(text)),
  panelId: maybe(whole),
  userId: maybe(whole),
  newState: maybe(text),
  prevState: maybe(text),
  created: maybe(whole),
  updated: maybe(whole),
  time: maybe(whole),
  timeEnd: maybe(whole),
  text: maybe(text),
  tags: maybe(v.array(text)),
  login: maybe(text),
  email: maybe(text),
  avatarUrl: maybe(text),
  data: maybe(v.nullable(anything)),
});
const annotationBody = {
  time: maybe(whole),
  timeEnd: maybe(whole),
  tags: maybe(v.array(text)),
  data: maybe(anything),
};
/** prometheus/alertmanager, `api/v2/openapi.yaml`: gettableSilence, postableSilence, gettableAlert */
const matchers = v.array(v.strictObject({ name: text, value: text, isRegex: truth, isEqual: maybe(truth) }));
const silenceBody = { matchers, startsAt: time, endsAt: time, createdBy: text, comment: text };
const silence = v.strictObject({
  ...silenceBody,
  id: text,
  updatedAt: time,
  status: v.strictObject({ state: v.picklist(["expired", "active", "pending"]) }),
});
const alert = v.strictObject({
  fingerprint: text,
  startsAt: time,
  endsAt: time,
  updatedAt: time,
  generatorURL: maybe(text),
  labels: texts,
  annotations: texts,
  receivers: v.array(v.strictObject({ name: text })),
  status: v.strictObject({
    state: v.picklist(["unprocessed", "active", "suppressed"]),
    silencedBy: v.array(text),
    inhibitedBy: v.array(text),
  }),
});
/** `pkg/services/org` OrgUserDTO and OrgDTO, `pkg/services/team` TeamDTO and TeamMemberDTO, `pkg/services/serviceaccounts` ServiceAccountDTO */
const user = v.strictObject({
  orgId: whole,
  userId: whole,
  uid: maybe(text),
  email: text,
  name: text,
  avatarUrl: text,
  login: text,
  role: text,
  lastSeenAt: time,
  lastSeenAtAge: text,
  accessControl: rights,
  isDisabled: truth,
  authLabels: maybe(v.nullable(v.array(text))),
  isExternallySynced: maybe(truth),
});
const team = v.strictObject({
  id: whole,
  uid: text,
  orgId: whole,
  name: text,
  email: text,
  avatarUrl: text,
  memberCount: whole,
  permission: whole,
  accessControl: v.nullable(v.record(text, truth)),
});
const teamMember = v.strictObject({
  orgId: whole,
  teamId: whole,
  userId: whole,
  auth_module: text,
  email: text,
  name: text,
  login: text,
  avatarUrl: text,
  labels: v.nullable(v.array(text)),
  permission: whole,
});
const serviceAccount = v.strictObject({
  id: whole,
  uid: maybe(text),
  name: text,
  login: text,
  orgId: whole,
  isDisabled: truth,
  isExternal: maybe(truth),
  role: text,
  tokens: whole,
  avatarUrl: text,
  accessControl: rights,
});
/** Of Grafana Enterprise: RoleDTO, RoleAssignmentsDTO */
const role = {
  uid: text,
  name: text,
  displayName: maybe(text),
  description: text,
  group: maybe(text),
  version: whole,
  global: maybe(truth),
  hidden: maybe(truth),
  mapped: maybe(truth),
  delegatable: maybe(truth),
  updated: time,
  created: time,
};
/** `pkg/services/accesscontrol/resourcepermissions` */
const permission = v.strictObject({
  id: whole,
  roleName: text,
  isManaged: truth,
  isInherited: truth,
  isServiceAccount: truth,
  userId: maybe(whole),
  userUid: maybe(text),
  userLogin: maybe(text),
  userAvatarUrl: maybe(text),
  team: maybe(text),
  teamId: maybe(whole),
  teamUid: maybe(text),
  teamAvatarUrl: maybe(text),
  builtInRole: maybe(text),
  actions: v.array(text),
  permission: text,
});
/** `pkg/api/dtos`, PluginListItem, of what is in it that km reads */
const plugin = v.looseObject({
  name: text,
  type: v.picklist(["panel", "datasource", "app", "renderer", "secretsmanager"]),
  id: text,
  enabled: truth,
  pinned: truth,
  info: v.looseObject({ version: text }),
  latestVersion: text,
  hasUpdate: truth,
});
const page = { totalCount: whole, page: whole, perPage: whole };
const PAGE = { page: NUMBER, perpage: NUMBER, query: ANY };

const ALERTMANAGER = "/api/alertmanager/grafana/api/v2";
const PROVISIONING = "/api/v1/provisioning";

/** `:name` stands for one segment. */
export const GRAFANA_API: Record<string, DescribedOperation> = {
  "GET /api/health": {
    answer: v.strictObject({ database: text, version: text, commit: text, enterpriseCommit: maybe(text) }),
  },
  "GET /api/org": {
    answer: v.strictObject({
      id: whole,
      name: text,
      address: v.strictObject({
        address1: text,
        address2: text,
        city: text,
        zipCode: text,
        state: text,
        country: text,
      }),
    }),
  },
  "GET /api/user": {
    answer: v.looseObject({ id: whole, login: text, email: text, name: text, orgId: whole, isGrafanaAdmin: truth }),
  },
  "GET /api/search": {
    query: {
      query: ANY,
      tag: ANY,
      type: /^dash-(?:db|folder)$/,
      dashboardUIDs: ANY,
      folderUIDs: ANY,
      starred: BOOLEAN,
      limit: /^(?:[1-4]?\d{1,3}|5000)$/,
      page: NUMBER,
      permission: /^(?:View|Edit)$/,
      sort: ANY,
      deleted: BOOLEAN,
    },
    answer: v.array(hit),
  },
  "GET /api/dashboards/uid/:uid": { answer: dashboard },
  "GET /apis/dashboard.grafana.app/v1beta1/namespaces/:namespace/dashboards/:uid": { answer: translatedDashboard },
  "DELETE /api/dashboards/uid/:uid": {
    answer: v.strictObject({ title: text, message: text, id: maybe(whole), uid: maybe(text) }),
  },
  "POST /api/dashboards/db": { body: saveDashboard, answer: saved },
  "GET /api/dashboards/uid/:uid/versions": {
    query: { limit: NUMBER, start: NUMBER, continueToken: ANY },
    answer: versions,
  },
  "GET /api/dashboards/uid/:uid/versions/:version": { answer: v.strictObject({ ...version, data: anything }) },
  "POST /api/dashboards/uid/:uid/restore": { body: v.strictObject({ version: whole }), answer: saved },
  "GET /api/folders": {
    query: { limit: NUMBER, page: NUMBER, parentUid: ANY, permission: /^(?:View|Edit)$/ },
    answer: v.array(folderHit),
  },
  "POST /api/folders": {
    body: v.strictObject({ uid: maybe(text), title: text, description: maybe(text), parentUid: maybe(text) }),
    answer: folder,
  },
  "GET /api/folders/:uid": { query: { accesscontrol: BOOLEAN }, answer: folder },
  "PUT /api/folders/:uid": {
    body: v.strictObject({
      title: maybe(text),
      description: maybe(text),
      version: maybe(whole),
      overwrite: maybe(truth),
    }),
    answer: folder,
  },
  "DELETE /api/folders/:uid": { query: { forceDeleteRules: BOOLEAN }, answer: message },
  "GET /api/folders/:uid/counts": { answer: v.record(text, whole) },
  "GET /api/datasources": { answer: v.array(v.strictObject({ ...source, typeName: text })) },
  "POST /api/datasources": { body: v.strictObject(sourceBody), answer: savedSource },
  "GET /api/datasources/uid/:uid": { answer: wholeSource },
  "PUT /api/datasources/uid/:uid": {
    body: v.strictObject({ ...sourceBody, version: maybe(whole) }),
    answer: savedSource,
  },
  "DELETE /api/datasources/uid/:uid": { answer: message },
  "GET /api/datasources/uid/:uid/health": {
    answer: v.strictObject({ status: text, message: text, details: maybe(anything) }),
    refusal: v.strictObject({ status: maybe(text), message: text, details: maybe(anything) }),
  },
  "POST /api/ds/query": { body: queries, answer: results, refusal: v.union([results, REFUSAL]) },
  [`GET ${PROVISIONING}/alert-rules`]: { answer: v.array(rule) },
  [`POST ${PROVISIONING}/alert-rules`]: { body: v.strictObject(ruleBody), status: 201, answer: rule },
  [`GET ${PROVISIONING}/alert-rules/:uid`]: { answer: rule },
  [`PUT ${PROVISIONING}/alert-rules/:uid`]: { body: v.strictObject(ruleBody), answer: rule },
  [`DELETE ${PROVISIONING}/alert-rules/:uid`]: { status: 204, answer: v.unknown() },
  "GET /api/prometheus/grafana/api/v1/rules": {
    query: { dashboard_uid: ANY, panel_id: NUMBER, limit_alerts: NUMBER, matcher: ANY, state: ANY },
    answer: ruleStates,
  },
  [`GET ${PROVISIONING}/contact-points`]: { query: { name: ANY }, answer: v.array(contact) },
  [`GET ${PROVISIONING}/policies`]: { answer: route },
  [`GET ${PROVISIONING}/mute-timings`]: { answer: v.array(muteTiming) },
  [`GET ${PROVISIONING}/templates`]: { answer: v.array(template) },
  [`GET ${ALERTMANAGER}/alerts`]: {
    query: {
      active: BOOLEAN,
      silenced: BOOLEAN,
      inhibited: BOOLEAN,
      unprocessed: BOOLEAN,
      filter: ANY,
      receiver: ANY,
    },
    answer: v.array(alert),
  },
  [`GET ${ALERTMANAGER}/silences`]: { query: { filter: ANY }, answer: v.array(silence) },
  [`POST ${ALERTMANAGER}/silences`]: {
    body: v.strictObject({ ...silenceBody, id: maybe(text) }),
    status: 202,
    answer: v.strictObject({ silenceID: text }),
  },
  [`GET ${ALERTMANAGER}/silence/:id`]: { answer: silence },
  [`DELETE ${ALERTMANAGER}/silence/:id`]: { answer: message },
  "GET /api/annotations": {
    query: {
      from: MILLISECONDS,
      to: MILLISECONDS,
      userId: NUMBER,
      alertUID: ANY,
      dashboardUID: ANY,
      panelId: NUMBER,
      limit: NUMBER,
      tags: ANY,
      type: /^(?:alert|annotation)$/,
      matchAny: BOOLEAN,
    },
    answer: v.array(annotation),
  },
  "GET /api/annotations/:id": { answer: annotation },
  "POST /api/annotations": {
    body: v.strictObject({ ...annotationBody, text, dashboardUID: maybe(text), panelId: maybe(whole) }),
    answer: v.strictObject({ message: text, id: whole }),
  },
  "PATCH /api/annotations/:id": {
    body: v.strictObject({ ...annotationBody, id: maybe(whole), text: maybe(text) }),
    answer: message,
  },
  "DELETE /api/annotations/:id": { answer: message },
  "GET /api/annotations/tags": {
    query: { tag: ANY, limit: NUMBER },
    answer: v.strictObject({
      result: v.strictObject({ tags: v.array(v.strictObject({ tag: text, count: whole })) }),
    }),
  },
  "GET /api/org/users": { query: { accesscontrol: BOOLEAN, userId: NUMBER }, answer: v.array(user) },
  "GET /api/orgs": {
    query: { ...PAGE, name: ANY },
    answer: v.array(v.strictObject({ id: whole, name: text })),
  },
  "GET /api/teams/search": {
    query: { ...PAGE, name: ANY, accesscontrol: BOOLEAN, sort: ANY },
    answer: v.strictObject({ ...page, teams: v.array(team) }),
  },
  "GET /api/teams/:id/members": { answer: v.array(teamMember) },
  "GET /api/serviceaccounts/search": {
    query: { ...PAGE, Disabled: BOOLEAN, expiredTokens: BOOLEAN },
    answer: v.strictObject({ ...page, serviceAccounts: v.array(serviceAccount) }),
  },
  "GET /api/access-control/roles": {
    query: { delegatable: BOOLEAN, includeHidden: BOOLEAN, targetOrgId: NUMBER },
    answer: v.array(v.strictObject(role)),
  },
  "GET /api/access-control/roles/:uid": {
    answer: v.strictObject({
      ...role,
      permissions: v.array(
        v.strictObject({ action: text, scope: maybe(text), updated: maybe(time), created: maybe(time) }),
      ),
    }),
  },
  "GET /api/access-control/roles/:uid/assignments": {
    answer: v.strictObject({
      role_uid: text,
      users: v.array(whole),
      teams: v.array(whole),
      service_accounts: v.array(whole),
    }),
  },
  "GET /api/access-control/users/:id/roles": {
    query: { includeHidden: BOOLEAN, includeMapped: BOOLEAN, targetOrgId: NUMBER },
    answer: v.array(v.strictObject(role)),
  },
  "GET /api/access-control/teams/:id/roles": {
    query: { targetOrgId: NUMBER },
    answer: v.array(v.strictObject(role)),
  },
  "GET /api/access-control/:resource/description": {
    answer: v.strictObject({
      assignments: v.strictObject({ users: truth, serviceAccounts: truth, teams: truth, builtInRoles: truth }),
      permissions: v.array(text),
    }),
  },
  "GET /api/access-control/:resource/:id": { answer: v.array(permission) },
  "GET /api/plugins": {
    query: { enabled: ZERO_OR_ONE, embedded: ZERO_OR_ONE, core: ZERO_OR_ONE, type: ANY },
    answer: v.array(plugin),
  },
  "GET /render/d-solo/:uid/:slug": {
    query: {
      orgId: NUMBER,
      from: ANY,
      to: ANY,
      panelId: NUMBER,
      width: NUMBER,
      height: NUMBER,
      theme: /^(?:light|dark)$/,
      tz: ANY,
      scale: NUMBER,
      timeout: NUMBER,
    },
    answer: v.unknown(),
  },
};

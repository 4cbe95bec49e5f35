create table customers (
  id text primary key,
  name text not null,
  tier text not null check (tier in ('free', 'pro', 'enterprise')),
  created_at timestamptz not null,
  disabled_at timestamptz
);

create table users (
  id text primary key,
  customer_id text not null references customers (id),
  email text not null unique,
  name text not null,
  role text not null check (role in ('member', 'admin', 'operator')),
  password_hash text,
  created_at timestamptz not null,
  disabled_at timestamptz
);
create index users_by_customer on users (customer_id, id);

create table api_keys (
  id text primary key,
  customer_id text not null references customers (id),
  user_id text references users (id),
  name text not null,
  kind text not null check (kind in ('live', 'test', 'admin')),
  prefix text not null,
  key_hash text not null unique,
  created_at timestamptz not null,
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
create index api_keys_by_customer on api_keys (customer_id, id);

create table device_codes (
  id text primary key,
  code_hash text not null unique,
  user_code text not null unique,
  client text not null,
  scope text not null,
  address text,
  status text not null check (status in ('pending', 'approved', 'denied', 'used')),
  customer_id text references customers (id),
  user_id text references users (id),
  interval_s integer not null,
  created_at timestamptz not null,
  last_poll_at timestamptz,
  expires_at timestamptz not null
);

create table refresh_tokens (
  token_hash text primary key,
  family text not null,
  generation integer not null,
  customer_id text not null references customers (id),
  subject text not null,
  scope text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz,
  unique (family, generation)
);
create index refresh_tokens_by_customer on refresh_tokens (customer_id, subject);

create table signing_keys (
  kid text primary key,
  public_key text not null,
  private_key text,
  created_at timestamptz not null,
  retired_at timestamptz
);

create table packages (
  id text primary key,
  name text not null,
  version text not null,
  platform text not null,
  tier text not null check (tier in ('free', 'pro', 'enterprise')),
  digest text not null,
  size bigint not null,
  path text not null,
  created_at timestamptz not null,
  unique (name, version, platform)
);

create table revocations (
  id text primary key,
  customer_id text references customers (id),
  kind text not null,
  subject text not null,
  reason text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  unique (kind, subject)
);

create table audit_log (
  id text primary key,
  customer_id text not null,
  occurred_at timestamptz not null,
  actor text not null,
  action text not null,
  target text,
  detail text not null,
  address text
);
create index audit_log_by_time on audit_log (customer_id, occurred_at, id);

create table idempotency_keys (
  customer_id text not null references customers (id),
  idempotency_key text not null,
  request_hash text not null,
  status integer,
  response text,
  expires_at timestamptz not null,
  primary key (customer_id, idempotency_key)
);

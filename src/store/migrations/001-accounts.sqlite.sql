create table customers (
  id text primary key,
  name text not null,
  tier text not null check (tier in ('free', 'pro', 'enterprise')),
  created_at text not null,
  disabled_at text
) strict;

create table users (
  id text primary key,
  customer_id text not null references customers (id),
  email text not null unique,
  name text not null,
  role text not null check (role in ('member', 'admin', 'operator')),
  password_hash text,
  created_at text not null,
  disabled_at text
) strict;
create index users_by_customer on users (customer_id, id);

create table api_keys (
  id text primary key,
  customer_id text not null references customers (id),
  user_id text references users (id),
  name text not null,
  kind text not null check (kind in ('live', 'test', 'admin')),
  prefix text not null,
  key_hash text not null unique,
  created_at text not null,
  last_used_at text,
  expires_at text,
  revoked_at text
) strict;
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
  created_at text not null,
  last_poll_at text,
  expires_at text not null
) strict;

create table refresh_tokens (
  token_hash text primary key,
  family text not null,
  generation integer not null,
  customer_id text not null references customers (id),
  subject text not null,
  scope text not null,
  created_at text not null,
  expires_at text not null,
  used_at text,
  revoked_at text,
  unique (family, generation)
) strict;
create index refresh_tokens_by_customer on refresh_tokens (customer_id, subject);

create table signing_keys (
  kid text primary key,
  public_key text not null,
  private_key text,
  created_at text not null,
  retired_at text
) strict;

create table packages (
  id text primary key,
  name text not null,
  version text not null,
  platform text not null,
  tier text not null check (tier in ('free', 'pro', 'enterprise')),
  digest text not null,
  size integer not null,
  path text not null,
  created_at text not null,
  unique (name, version, platform)
) strict;

create table revocations (
  id text primary key,
  customer_id text references customers (id),
  kind text not null,
  subject text not null,
  reason text not null,
  created_at text not null,
  expires_at text,
  unique (kind, subject)
) strict;

create table audit_log (
  id text primary key,
  customer_id text not null,
  occurred_at text not null,
  actor text not null,
  action text not null,
  target text,
  detail text not null,
  address text
) strict;
create index audit_log_by_time on audit_log (customer_id, occurred_at, id);

create table idempotency_keys (
  customer_id text not null references customers (id),
  idempotency_key text not null,
  request_hash text not null,
  status integer,
  response text,
  expires_at text not null,
  primary key (customer_id, idempotency_key)
) strict, without rowid;

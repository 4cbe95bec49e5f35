-- Times are microseconds since 1970, as a journal has them.
create table sessions (
  customer_id text not null references customers (id),
  id text not null,
  -- Null until the session is announced: its events may come first.
  server_name text,
  host text,
  platform text,
  km_version text,
  started_us integer not null,
  ended_us integer,
  -- How many were taken in, also those that retention removed since.
  events integer not null,
  primary key (customer_id, id)
) strict, without rowid;
create index sessions_by_time on sessions (customer_id, started_us, id);
create index sessions_by_server on sessions (customer_id, server_name, started_us, id);

-- Customers are never deleted, and a reference to them would be looked up for every row.
create table events (
  customer_id text not null,
  event_id text not null,
  session_id text not null,
  seq integer not null,
  occurred_us integer not null,
  type text not null,
  direction text not null,
  call integer,
  method text,
  tool text,
  target text,
  duration_ms real,
  continues text,
  error_type text,
  error_message text,
  bytes integer not null,
  trace text,
  truncated integer not null,
  redacted integer not null,
  message text,
  text text,
  primary key (customer_id, event_id)
) strict;
create index events_by_time on events (customer_id, occurred_us);
create index events_by_session on events (customer_id, session_id, occurred_us);

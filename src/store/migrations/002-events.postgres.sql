-- Times are microseconds since 1970, as a journal has them.
create table sessions (
  customer_id text not null references customers (id),
  id text not null,
  -- Null until the session is announced: its events may come first.
  server_name text,
  host text,
  platform text,
  km_version text,
  started_us bigint not null,
  ended_us bigint,
  -- How many were taken in, also those that retention removed since.
  events bigint not null,
  primary key (customer_id, id)
);
create index sessions_by_time on sessions (customer_id, started_us, id);
create index sessions_by_server on sessions (customer_id, server_name, started_us, id);

-- Customers are never deleted, and a reference to them would be looked up for every row.
create table events (
  customer_id text not null,
  event_id text not null,
  session_id text not null,
  seq bigint not null,
  occurred_us bigint not null,
  type text not null,
  direction text not null,
  call bigint,
  method text,
  tool text,
  target text,
  duration_ms double precision,
  continues text,
  error_type text,
  error_message text,
  bytes bigint not null,
  trace text,
  truncated boolean not null,
  redacted bigint not null,
  message text,
  text text,
  primary key (customer_id, event_id)
);
create index events_by_time on events (customer_id, occurred_us);
create index events_by_session on events (customer_id, session_id, occurred_us);

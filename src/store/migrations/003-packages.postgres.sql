create table package_grants (
  id text primary key,
  customer_id text not null references customers (id),
  package_id text not null references packages (id),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index package_grants_by_expiry on package_grants (expires_at);

create table plugin_nonces (
  customer_id text not null references customers (id),
  nonce text not null,
  expires_at timestamptz not null,
  primary key (customer_id, nonce)
);
create index plugin_nonces_by_expiry on plugin_nonces (expires_at);

/** `accessStarter`: a file to begin with. */

/** @param keyHash of the first key */
export function accessStarter(keyHash: string): string {
  return `# Who may use km proxy: km proxy --access FILE. All that can stand here: km access schema, km help proxy-security.
version: 1

auth:
  keys:
    # Make others with km access key NAME.
    - { name: owner, sha256: "${keyHash}", roles: [everything] }

# Who has no role may nothing.
roles:
  everything: { tools: "*", resources: "*", prompts: "*", methods: "*" }
  reader: { tools: [read_*, get_*, list_*], resources: "*" }

limits:
  requests: 600/1m
  concurrent: 20
  sessions: 20

# audit: { file: audit.ndjson }
# tls: { cert: server.pem, key: server.key }
`;
}

/** `servicesStarter`: a services.yaml to begin with. */

export function servicesStarter(): string {
  return `# What km's own MCP services are told: km serve NAME... All that can stand here: km serve --schema, km help services.
version: 1

# Tools only read, unless they may do more:
# allow: [write]             # destructive, too, where it is meant
# toolsets: [core]           # or [all]; see km serve all --list tools
# tools: ["*", "!*_exec"]    # of these, only the ones that are named so

services:
  # Each service has defaults: what is not here need not be.
  utilities: {}
  # prometheus:
  #   url: http://127.0.0.1:9090
  #   auth: { type: bearer, token: "\${env:PROMETHEUS_TOKEN}" }
  # kubernetes: {}

# limits:
#   answer: 64kb
#   timeout: 60s

# audit: { file: services-audit.ndjson }
`;
}

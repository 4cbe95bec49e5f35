/** Every command of km by the words typed; the file's path under commands/ is the same words. */
import type { Group } from "./command.ts";

export const program: Group = {
  description: "km: see what your MCP servers are asked and what they answer",
  commands: {
    wrap: {
      section: "Record",
      description: "Put km in front of your clients' servers",
      load: () => import("./commands/wrap.ts"),
    },
    unwrap: {
      section: "Record",
      description: "Take km out of there again",
      load: () => import("./commands/unwrap.ts"),
    },
    clients: {
      section: "Record",
      description: "List MCP clients and their servers",
      load: () => import("./commands/clients.ts"),
    },
    monitor: {
      section: "Record",
      description: "Run an MCP server and record what passes",
      load: () => import("./commands/monitor.ts"),
    },
    proxy: {
      section: "Record",
      description: "Offer an MCP server to clients that speak HTTP",
      load: () => import("./commands/proxy.ts"),
    },
    sessions: { section: "Look", description: "List recorded sessions", load: () => import("./commands/sessions.ts") },
    logs: { section: "Look", description: "Show the calls of a session", load: () => import("./commands/logs.ts") },
    show: { section: "Look", description: "Show one call with its payloads", load: () => import("./commands/show.ts") },
    tail: {
      section: "Look",
      description: "Watch all running sessions live",
      load: () => import("./commands/tail.ts"),
    },
    health: {
      section: "Look",
      description: "Check whether MCP servers can be reached and work",
      load: () => import("./commands/health.ts"),
    },
    status: {
      section: "Look",
      description: "Show how the running sessions, and km itself, are doing",
      load: () => import("./commands/status.ts"),
    },
    stats: {
      section: "Look",
      description: "Show counts, errors and latency by method and tool",
      load: () => import("./commands/stats.ts"),
    },
    dashboard: {
      section: "Look",
      description: "Show it all in the browser, live",
      load: () => import("./commands/dashboard.ts"),
    },
    scan: {
      section: "Guard",
      description: "Check your clients' servers without running a session",
      load: () => import("./commands/scan.ts"),
    },
    access: {
      section: "Guard",
      description: "Say who may use km proxy, and what they may do",
      commands: {
        init: { description: "Write a file to begin with", load: () => import("./commands/access/init.ts") },
        check: { description: "Check the file", load: () => import("./commands/access/check.ts") },
        key: { description: "Make an API key", load: () => import("./commands/access/key.ts") },
        password: { description: "Make the hash of a password", load: () => import("./commands/access/password.ts") },
        schema: {
          description: "Print the JSON Schema, for editors",
          load: () => import("./commands/access/schema.ts"),
        },
      },
    },
    findings: {
      section: "Guard",
      description: "See what was found, and accept what is meant to be so",
      commands: {
        list: { description: "List what was found in sessions", load: () => import("./commands/findings/list.ts") },
        accept: { description: "Accept a finding", load: () => import("./commands/findings/accept.ts") },
        unaccept: { description: "No longer accept it", load: () => import("./commands/findings/unaccept.ts") },
      },
    },
    approve: {
      section: "Guard",
      description: "Answer calls that a policy asks about",
      load: () => import("./commands/approve.ts"),
    },
    tools: {
      section: "Guard",
      description: "See a server's tools, how they have changed, and accept them",
      other: { load: () => import("./commands/tools/of-server.ts") },
      commands: {
        list: { description: "List tools, and which are as accepted", load: () => import("./commands/tools/list.ts") },
        diff: { description: "Show what was not accepted", load: () => import("./commands/tools/diff.ts") },
        accept: { description: "Accept what a server says now", load: () => import("./commands/tools/accept.ts") },
      },
    },
    policy: {
      section: "Guard",
      description: "Say what servers may be asked for",
      commands: {
        show: { description: "Show the policies in force here", load: () => import("./commands/policy/show.ts") },
        check: { description: "Check the policies", load: () => import("./commands/policy/check.ts") },
        test: {
          description: "Show what a session would have met with",
          load: () => import("./commands/policy/test.ts"),
        },
        init: { description: "Write a policy to begin with", load: () => import("./commands/policy/init.ts") },
        trust: { description: "Let a project's policy count", load: () => import("./commands/policy/trust.ts") },
        untrust: { description: "No longer let it count", load: () => import("./commands/policy/untrust.ts") },
        schema: {
          description: "Print the JSON Schema, for editors",
          load: () => import("./commands/policy/schema.ts"),
        },
      },
    },
    connect: {
      section: "Use",
      description: "Talk to an MCP server, line by line",
      load: () => import("./commands/connect.ts"),
    },
    call: { section: "Use", description: "Call a tool of an MCP server", load: () => import("./commands/call.ts") },
    read: {
      section: "Use",
      description: "Read or list resources of an MCP server",
      load: () => import("./commands/read.ts"),
    },
    prompt: {
      section: "Use",
      description: "Print or list prompts of an MCP server",
      load: () => import("./commands/prompt.ts"),
    },
    servers: {
      section: "Use",
      description: "Know MCP servers by name, with their secrets",
      commands: {
        list: { description: "List the servers", load: () => import("./commands/servers/list.ts") },
        add: { description: "Give a server a name", load: () => import("./commands/servers/add.ts") },
        remove: { description: "Forget a server", load: () => import("./commands/servers/remove.ts") },
        show: { description: "Show one server", load: () => import("./commands/servers/show.ts") },
        edit: { description: "Change servers.yaml in your editor", load: () => import("./commands/servers/edit.ts") },
        login: { description: "Log in to a server", load: () => import("./commands/servers/login.ts") },
        logout: { description: "End the login to a server", load: () => import("./commands/servers/logout.ts") },
        import: {
          description: "Take over the servers of your clients",
          load: () => import("./commands/servers/import.ts"),
        },
        export: {
          description: "Print servers for a client's file",
          load: () => import("./commands/servers/export.ts"),
        },
        secret: {
          description: "Keep what servers need to know, encrypted",
          commands: {
            list: { description: "List the names of secrets", load: () => import("./commands/servers/secret/list.ts") },
            set: { description: "Keep a secret", load: () => import("./commands/servers/secret/set.ts") },
            remove: { description: "Forget a secret", load: () => import("./commands/servers/secret/remove.ts") },
          },
        },
        schema: {
          description: "Print the JSON Schema, for editors",
          load: () => import("./commands/servers/schema.ts"),
        },
      },
    },
    export: {
      section: "Use",
      description: "Write recorded events as JSONL, HAR or CSV",
      load: () => import("./commands/export.ts"),
    },
    replay: {
      section: "Use",
      description: "Send a session's requests to a fresh server",
      load: () => import("./commands/replay.ts"),
    },
    verify: {
      section: "Use",
      description: "Check that a server still answers as recorded",
      load: () => import("./commands/verify.ts"),
    },
    mock: {
      section: "Use",
      description: "Stand in for a recorded server",
      load: () => import("./commands/mock.ts"),
    },
    "clear-logs": {
      section: "Use",
      description: "Delete recorded sessions",
      load: () => import("./commands/clear-logs.ts"),
    },
    serve: {
      section: "Use",
      description: "Serve MCP tools for kubernetes, prometheus and others",
      load: () => import("./commands/serve.ts"),
    },
    plugins: {
      section: "Extend",
      description: "See, try and write plugins",
      commands: {
        list: { description: "List the plugins that were found", load: () => import("./commands/plugins/list.ts") },
        install: { description: "Install a signed package", load: () => import("./commands/plugins/install.ts") },
        remove: { description: "Remove an installed plugin", load: () => import("./commands/plugins/remove.ts") },
        status: { description: "Show how plugins are doing", load: () => import("./commands/plugins/status.ts") },
        logs: { description: "Show what a plugin wrote", load: () => import("./commands/plugins/logs.ts") },
        refresh: { description: "Update what came from the API", load: () => import("./commands/plugins/refresh.ts") },
        trust: { description: "Let a project's plugins run", load: () => import("./commands/plugins/trust.ts") },
        untrust: { description: "No longer let them run", load: () => import("./commands/plugins/untrust.ts") },
        new: { description: "Begin a plugin of your own", load: () => import("./commands/plugins/new.ts") },
        test: { description: "Drive a plugin with recorded traffic", load: () => import("./commands/plugins/test.ts") },
        build: { description: "Pack a plugin for others, signed", load: () => import("./commands/plugins/build.ts") },
        verify: { description: "Check a package of a plugin", load: () => import("./commands/plugins/verify.ts") },
        keys: {
          description: "See and change which keys packages may be signed with",
          commands: {
            list: { description: "List these keys", load: () => import("./commands/plugins/keys/list.ts") },
            trust: { description: "Let what a key signs run", load: () => import("./commands/plugins/keys/trust.ts") },
            untrust: {
              description: "No longer let what it signs run",
              load: () => import("./commands/plugins/keys/untrust.ts"),
            },
            generate: { description: "Make a key pair", load: () => import("./commands/plugins/keys/generate.ts") },
          },
        },
      },
    },
    config: {
      section: "Set up",
      description: "Read and change the configuration",
      commands: {
        show: { description: "Show every value in force", load: () => import("./commands/config/show.ts") },
        path: { description: "Show where km keeps its files", load: () => import("./commands/config/path.ts") },
        get: { description: "Show one value", load: () => import("./commands/config/get.ts") },
        set: { description: "Change one value", load: () => import("./commands/config/set.ts") },
        validate: { description: "Check the configuration files", load: () => import("./commands/config/validate.ts") },
        init: { description: "Write a file to begin with", load: () => import("./commands/config/init.ts") },
        schema: {
          description: "Print the JSON Schema, for editors",
          load: () => import("./commands/config/schema.ts"),
        },
      },
    },
    init: { section: "Set up", description: "Set km up, step by step", load: () => import("./commands/init.ts") },
    auth: {
      section: "Set up",
      description: "Log in to the API, and see who is logged in",
      commands: {
        login: { description: "Log in to the API", load: () => import("./commands/auth/login.ts") },
        status: { description: "Show who is logged in", load: () => import("./commands/auth/status.ts") },
        logout: { description: "End the login", load: () => import("./commands/auth/logout.ts") },
        refresh: { description: "Get new tokens now", load: () => import("./commands/auth/refresh.ts") },
      },
    },
    doctor: {
      section: "Set up",
      description: "Check that everything works",
      load: () => import("./commands/doctor.ts"),
    },
    update: { section: "Set up", description: "Update km", load: () => import("./commands/update.ts") },
    api: {
      section: "Set up",
      description: "Run kilometers-api, and look after it",
      commands: {
        serve: { description: "Run kilometers-api", load: () => import("./commands/api/serve.ts") },
        health: {
          description: "Ask a service on this machine whether it is ready",
          load: () => import("./commands/api/health.ts"),
        },
        admin: {
          description: "Look after a service: customers, users, keys, packages",
          commands: {
            customers: {
              description: "See and change customers",
              commands: {
                list: {
                  description: "List customers",
                  load: () => import("./commands/api/admin/customers/list.ts"),
                },
                create: {
                  description: "Add a customer",
                  load: () => import("./commands/api/admin/customers/create.ts"),
                },
                change: {
                  description: "Change a customer",
                  load: () => import("./commands/api/admin/customers/change.ts"),
                },
              },
            },
            users: {
              description: "See and change users",
              commands: {
                list: {
                  description: "List users",
                  load: () => import("./commands/api/admin/users/list.ts"),
                },
                create: {
                  description: "Add a user",
                  load: () => import("./commands/api/admin/users/create.ts"),
                },
                change: {
                  description: "Change a user",
                  load: () => import("./commands/api/admin/users/change.ts"),
                },
              },
            },
            keys: {
              description: "See, make and revoke API keys",
              commands: {
                list: {
                  description: "List API keys",
                  load: () => import("./commands/api/admin/keys/list.ts"),
                },
                create: {
                  description: "Make an API key",
                  load: () => import("./commands/api/admin/keys/create.ts"),
                },
                revoke: {
                  description: "Revoke an API key",
                  load: () => import("./commands/api/admin/keys/revoke.ts"),
                },
              },
            },
            packages: {
              description: "See and add packages of plugins",
              commands: {
                list: {
                  description: "List packages",
                  load: () => import("./commands/api/admin/packages/list.ts"),
                },
                upload: {
                  description: "Add a package",
                  load: () => import("./commands/api/admin/packages/upload.ts"),
                },
                keys: {
                  description: "Show the keys that packages are signed with for customers",
                  load: () => import("./commands/api/admin/packages/keys.ts"),
                },
              },
            },
            revocations: {
              description: "See and add what is revoked for everybody",
              commands: {
                list: {
                  description: "List revocations",
                  load: () => import("./commands/api/admin/revocations/list.ts"),
                },
                create: {
                  description: "Revoke something",
                  load: () => import("./commands/api/admin/revocations/create.ts"),
                },
              },
            },
            "signing-keys": {
              description: "See and change the keys that tokens are signed with",
              commands: {
                list: {
                  description: "List signing keys",
                  load: () => import("./commands/api/admin/signing-keys/list.ts"),
                },
                rotate: {
                  description: "Sign with a new key from now on",
                  load: () => import("./commands/api/admin/signing-keys/rotate.ts"),
                },
              },
            },
            audit: { description: "Show who did what", load: () => import("./commands/api/admin/audit.ts") },
          },
        },
      },
    },
    completions: {
      section: "Set up",
      description: "Print completions for a shell",
      load: () => import("./commands/completions.ts"),
    },
    help: { section: "Set up", description: "Explain a command or a topic", load: () => import("./commands/help.ts") },
    __complete: { description: "Answer a shell", load: () => import("./commands/complete.ts"), hidden: true },
    __files: { description: "Work with files", load: () => import("./commands/files.ts"), hidden: true },
    __keychain: { description: "Ask the keychain", load: () => import("./commands/keychain.ts"), hidden: true },
    __play: { description: "Play a recording as a server", load: () => import("./commands/play.ts"), hidden: true },
    __remote: { description: "Speak HTTP to a server", load: () => import("./commands/remote.ts"), hidden: true },
    __sqlite: { description: "Ask a SQLite file", load: () => import("./commands/sqlite.ts"), hidden: true },
    __upstream: {
      description: "Stand in for a server and those that take its place",
      load: () => import("./commands/upstream.ts"),
      hidden: true,
    },
    __maintain: { description: "Compress and expire", load: () => import("./commands/maintain.ts"), hidden: true },
    __plugins: { description: "Look after plugins", load: () => import("./commands/plugin-host.ts"), hidden: true },
    "__sandbox-exec": { description: "Start confined", load: () => import("./commands/sandbox-exec.ts"), hidden: true },
  },
};

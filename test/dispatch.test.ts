/** From words to commands: help, refusals and exit codes of the program itself. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { JSON_ARGUMENTS_HINT } from "../src/connect/json-arguments.ts";
import { TemporaryData } from "./journal/make-journal.ts";
import { km } from "./commands/record-session.ts";

async function run(...words: string[]) {
  await using data = await TemporaryData.create();
  return await km(data.folder, words);
}

describe("km", () => {
  test("--help lists the commands, without those that km starts itself with", async () => {
    const { stdout, stderr, exitCode } = await run("--help");
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(stdout).toMatchInlineSnapshot(`
      "km: see what your MCP servers are asked and what they answer

      USAGE km <command> [OPTIONS]

      Record
        wrap         Put km in front of your clients' servers
        unwrap       Take km out of there again
        clients      List MCP clients and their servers
        monitor      Run an MCP server and record what passes
        proxy        Offer an MCP server to clients that speak HTTP

      Look
        sessions     List recorded sessions
        logs         Show the calls of a session
        show         Show one call with its payloads
        tail         Watch all running sessions live
        health       Check whether MCP servers can be reached and work
        status       Show how the running sessions, and km itself, are doing
        stats        Show counts, errors and latency by method and tool
        dashboard    Show it all in the browser, live

      Guard
        scan         Check your clients' servers without running a session
        access       Say who may use km proxy, and what they may do
        findings     See what was found, and accept what is meant to be so
        approve      Answer calls that a policy asks about
        tools        See a server's tools, how they have changed, and accept them
        policy       Say what servers may be asked for

      Use
        connect      Talk to an MCP server, line by line
        call         Call a tool of an MCP server
        read         Read or list resources of an MCP server
        prompt       Print or list prompts of an MCP server
        servers      Know MCP servers by name, with their secrets
        export       Write recorded events as JSONL, HAR or CSV
        replay       Send a session's requests to a fresh server
        verify       Check that a server still answers as recorded
        mock         Stand in for a recorded server
        clear-logs   Delete recorded sessions
        serve        Serve MCP tools for kubernetes, prometheus and others

      Extend
        plugins      See, try and write plugins

      Set up
        config       Read and change the configuration
        init         Set km up, step by step
        auth         Log in to the API, and see who is logged in
        doctor       Check that everything works
        update       Update km
        api          Run kilometers-api, and look after it
        completions  Print completions for a shell
        help         Explain a command or a topic

      Begin with km wrap, or run one server through km: km monitor -- <command>
      See km help <command>, and km help <topic> for one of
        getting-started, clients, servers, connect, health, mock, verify, proxy,
        proxy-security, services, resilience, filter, tail, dashboard, policy,
        approvals, tools, large-results, search, status, redaction, security,
        journal, scan, plugins, packages, otel, analytics, login, api,
        configuration, environment, doctor, update, exit-codes
      "
    `);
    expect((await run("help")).stdout).toBe(stdout);
    expect((await run("-h")).stdout).toBe(stdout);
  });

  test("without words the help goes to stderr, as a usage error", async () => {
    const { stdout, stderr, exitCode } = await run();
    expect([stdout, exitCode]).toEqual(["", 2]);
    expect(stderr).toContain("USAGE km <command>");
  });

  test("--version is one line", async () => {
    const { stdout, exitCode } = await run("--version");
    expect(stdout).toMatch(/^km \S+(?: \(\S+\))?\n$/);
    expect(exitCode).toBe(0);
    expect((await run("-v")).stdout).toBe(stdout);
  });

  test.each([
    [["mnitor"], 'km: Unknown command "mnitor"\n    Did you mean km monitor?\n'],
    [["toString"], 'km: Unknown command "toString"\n    See km --help.\n'],
    [["config", "sho"], 'km: Unknown command "config sho"\n    Did you mean km config show?\n'],
    [["sessions", "--jsn"], "km: Unknown flag --jsn\n    Did you mean --json?\n"],
    [["--versoin"], "km: Unknown flag --versoin\n    Did you mean km --version?\n"],
    [["sessions", "--zzz"], "km: Unknown flag --zzz\n    See km sessions --help.\n"],
    [["config", "--zzz"], "km: Unknown flag --zzz\n    See km config --help.\n"],
    [["config", "set", "--help=1"], "km: Flag --help takes no value: --help=1\n    See km config set --help.\n"],
    [["--help=1"], "km: Flag --help takes no value: --help=1\n    See km --help.\n"],
    [["show"], "km: Missing argument EVENT\n    See km show --help.\n"],
    [["show", "1", "2"], 'km: Unexpected argument "2"\n    See km show --help.\n'],
    [["sessions", "--server"], "km: Flag --server needs a value\n    See km sessions --help.\n"],
    [["sessions", "--", "x"], 'km: Nothing may stand behind "--" in km sessions: "x"\n    See km sessions --help.\n'],
    [["DOCTOR"], 'km: Unknown command "DOCTOR"\n    Did you mean km doctor?\n'],
    [["a\n\u001b[2J"], 'km: Unknown command "a\\n\\u001b[2J"\n    See km --help.\n'],
    [["logs", "--a\n\u001b[2J"], "km: Unknown flag --a\\n\\u001b[2J\n    See km logs --help.\n"],
    [["logs", "-f", "--payloads"], "km: Unknown flag --payloads\n    Did you mean --payload?\n"],
    [["monitor", "--payloads", "ful"], 'km: Flag --payloads cannot be "ful"\n    Did you mean full? Allowed: full, '],
    [["tools", "--use", "files"], "km: Unknown flag --use\n    A server is named without a flag: km tools files\n"],
    [
      ["call", "read", "--use=a b", "path=x"],
      "km: Unknown flag --use\n    A server is named without a flag: km call 'a b' read path=x\n",
    ],
    [["mock", "--use", "files"], "km: Unknown flag --use\n    See km mock --help.\n"],
    [["call", "files", "read", "--json"], `km: Flag --json needs a value\n    ${JSON_ARGUMENTS_HINT}\n`],
    [
      ["call", "files", "--json", "read", "path=x"],
      `km: Flag --json needs the arguments as a JSON object, not "read"\n    ${JSON_ARGUMENTS_HINT}\n`,
    ],
    [["sess"], 'km: Unknown command "sess"\n    Did you mean km sessions?\n'],
    [["install"], 'km: Unknown command "install"\n    Did you mean km wrap?\n'],
    [["list"], 'km: Unknown command "list"\n    Did you mean km sessions?\n'],
    [["plugins", "uninstall"], 'km: Unknown command "plugins uninstall"\n    Did you mean km plugins remove?\n'],
    [["follow"], 'km: Unknown command "follow"\n    Did you mean km logs --follow?\n'],
    [["version"], 'km: Unknown command "version"\n    Did you mean km --version?\n'],
    [["login"], 'km: Unknown command "login"\n    Did you mean km auth login?\n'],
    [["stop"], 'km: Unknown command "stop"\n    km ends with the server that it runs: there is nothing to stop.\n'],
    [
      ["npx", "-y", "it's"],
      `km: Unknown command "npx"\n    To run an MCP server through km: km monitor -- npx -y 'it'\\''s'\n`,
    ],
    [
      ["./server.js"],
      'km: Unknown command "./server.js"\n    To run an MCP server through km: km monitor -- ./server.js\n',
    ],
    [
      ["monitor", "npx", "-y", "x"],
      'km: Unexpected argument "npx"\n    To run an MCP server through km: km monitor -- npx -y x\n',
    ],
    [["monitor", "more", "--", "x"], 'km: Unexpected argument "more"\n'],
    [["monitor"], "km: No server to run\n"],
    [["replay", "last"], "km: No server to send the requests to\n"],
  ])("%j is refused", async (words, message) => {
    const { stdout, stderr, exitCode } = await run(...words);
    expect([stdout, exitCode]).toEqual(["", 2]);
    expect(stderr).toStartWith(message);
  });

  test("5000 letters are no command, and are cut", async () => {
    const { stdout, stderr, exitCode } = await run("x".repeat(5000));
    expect([stdout, exitCode]).toEqual(["", 2]);
    expect(stderr).toBe(`km: Unknown command "${"x".repeat(100)}…"\n    See km --help.\n`);
  });

  test("every other word for a command leads to one that exists", async () => {
    const { OTHER_WORDS } = await import("../src/help/unknown-command.ts");
    const { program } = await import("../src/registry.ts");
    const { plugins } = program.commands;
    const commands = [program, plugins].flatMap((group, depth) =>
      group !== undefined && "commands" in group
        ? Object.keys(group.commands).map((name) => (depth === 0 ? name : `plugins ${name}`))
        : [],
    );
    for (const [word, meant] of Object.entries(OTHER_WORDS)) {
      expect(commands).not.toContain(word);
      const words = meant.startsWith("plugins ") ? meant : meant.split(" ")[0];
      if (meant !== "--version") expect(commands).toContain(words ?? "");
    }
  });

  test("what stands behind -- is the server's: --help there is not km's", async () => {
    const fixture = join(import.meta.dir, "fixtures/print-arguments.ts");
    const { stdout, exitCode } = await run("monitor", "--", process.execPath, fixture, "--help", "--", "-v");
    expect([stdout, exitCode]).toEqual(['["--help","--","-v"]\n', 0]);
  });
});

describe("km <command> --help", () => {
  test("config", async () => {
    expect((await run("config", "--help")).stdout).toMatchInlineSnapshot(`
      "Read and change the configuration

      USAGE km config <command> [OPTIONS]

        show      Show every value in force
        path      Show where km keeps its files
        get       Show one value
        set       Change one value
        validate  Check the configuration files
        init      Write a file to begin with
        schema    Print the JSON Schema, for editors

      See km config <command> --help.
      "
    `);
  });

  test("monitor", async () => {
    expect((await run("monitor", "--help")).stdout).toMatchInlineSnapshot(`
      "Run an MCP server and record what passes between it and its client (km monitor)

      USAGE km monitor [OPTIONS] -- <command> [args...]

      OPTIONS

                                  --name=<name>    Name of the server in logs (KM_NAME); default: from its command
                              --session-id=<id>    Id of this session (KM_SESSION_ID); default: time and randomness
        --payloads=<full|redacted|metadata|off>    What of each message is recorded (KM_PAYLOADS); default: redacted
                                   --no-journal    Record nothing (KM_JOURNAL=false)
                      --kill-timeout=<duration>    How long each step of ending the server waits for it (KM_KILL_TIMEOUT); default: 2s
                                 --cwd=<folder>    Working directory of the server (KM_CWD)
                         -e, --env=<NAME=VALUE>    Set a variable for the server; may be repeated (KM_ENV, one a line)
                                   --use=<name>    Run the registered server of this name: see km servers list
                                    --url=<url>    Reach the server by HTTP in place of starting one (KM_URL)
                     -H, --header=<name: value>    Send a header with each request to --url; may be repeated (KM_HEADERS, one a line)
         --transport=<auto|streamable-http|sse>    How the server at --url speaks MCP (KM_TRANSPORT); default: auto
                          --debug-replay=<file>    Play a file of JSON-RPC lines in place of a server (KM_DEBUG_REPLAY)
                                --plugin=<path>    Load the plugin in this folder too, for its development; may be repeated
                                --policy=<file>    Policy in place of the user's (KM_POLICY); those of the system and of projects count beside it
                                   --no-plugins    Load no plugin (KM_PLUGINS=false)
                                --config=<file>    Configuration file (KM_CONFIG)
            --log-level=<error|warn|info|debug>    What km says on stderr (KM_LOG_LEVEL); default: warn
                                      --verbose    Same as --log-level info (KM_VERBOSE)
                                        --debug    Same as --log-level debug, with stack traces (KM_DEBUG)
                                       --server    Accepted and ignored: km monitor --server -- <command> is an older form

      EXAMPLES

        km monitor -- npx -y @modelcontextprotocol/server-filesystem ~/Documents
        km monitor --name files --payloads metadata -- ./my-server --port 1
        km monitor --use files
        km monitor --url https://mcp.example.com/mcp
        km monitor --debug-replay recorded.jsonl
      "
    `);
  });

  test("replay", async () => {
    expect((await run("replay", "--help")).stdout).toMatchInlineSnapshot(`
      "Send a session's requests to a fresh server and compare the answers (km replay)

      USAGE km replay [OPTIONS] <SESSION> [FILTER...] -- <command> [args...]

      ARGUMENTS

        SESSION    An id, the start or end of one, a server's name for its latest session, last, or a folder such as ./recorded (Required)
         FILTER    Which calls to send, as in km logs; default: all

      OPTIONS

                                   --url=<url>    Reach a server by HTTP, in place of naming one
                    -H, --header=<name: value>    Send a header with each request to --url; may be repeated
        --transport=<auto|streamable-http|sse>    How the server at --url speaks MCP; default: auto
                                  --use=<name>    A server of servers.yaml
                        -e, --env=<NAME=VALUE>    Set a variable for the command behind --; may be repeated
                          --timeout=<duration>    How long a request waits for its answer; default: 30s
                            --only-differences    Leave out requests that were answered the same
                                        --json    One request per line as JSON

      EXAMPLES

        km replay last -- node build/server.js
        km replay files tool:read_file --only-differences -- npx -y some-server@next ~/Documents
        km replay last --url https://staging.example.com/mcp
      "
    `);
  });

  test("show", async () => {
    expect((await run("show", "-h")).stdout).toMatchInlineSnapshot(`
      "Show one call with its payloads (km show)

      USAGE km show [OPTIONS] <EVENT>

      ARGUMENTS

        EVENT    A number from km logs: alone it means the latest session, otherwise SESSION/NUMBER (Required)

      OPTIONS

        --json    The events of the call, one per line as JSON

      EXAMPLES

        km show 17
        km show filesystem/17
        km show 3f9a01bc/17 --json | jq .message
      "
    `);
  });

  test.each(["sessions", "logs", "stats", "export", "clear-logs", "config set", "config validate"])(
    "%s: has usage, and stderr stays empty",
    async (command) => {
      const { stdout, stderr, exitCode } = await run(...command.split(" "), "--help");
      expect([stderr, exitCode]).toEqual(["", 0]);
      expect(stdout).toContain(`USAGE km ${command}`);
    },
  );
});

/** What the tools say of files as they are: large, odd, in change, full of secrets. */
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import * as v from "valibot";
import { createRedactor } from "../../../src/guard/redaction/redact.ts";
import { filesHere } from "./files-here.ts";
import { BackendCache } from "../../../src/services/backend/cache.ts";
import { locate } from "../../../src/services/filesystem/places/locate.ts";
import { replaceContents } from "../../../src/services/filesystem/changes/replace-contents.ts";
import { backendFrom } from "../../../src/services/filesystem/processes/backend-from.ts";
import { type OpenedFiles, openedFiles } from "./opened-files.ts";

const TIMEOUT = 120_000;
const SECRET = "Pl4nt3dV7qZ2xK9wM3r";
const KEY_LINES = [
  "-----BEGIN PRIVATE KEY-----",
  ..."MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7 VJTUt9Us8cKjMzEfYyjiWA4R4jkXcGoVY6Z8qLw2u1n".split(" "),
  "-----END PRIVATE KEY-----",
];
/** Whether a process can be another user's. */
const HAS_USERS = process.getuid?.() === 0 && Bun.which("setpriv") !== null;
/** Whether a file system can be mounted for a process alone. */
const HAS_NAMESPACES =
  Bun.which("unshare") !== null && Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).success;

/** @returns the lines that a tool's call in a process of its own prints */
function called(before: string[], root: string, tool: string, args: object): string[] {
  const program = join(import.meta.dir, "../../fixtures/filesystem-call.ts");
  const { stdout, stderr } = Bun.spawnSync([...before, process.execPath, program, root, tool, JSON.stringify(args)], {
    env: { PATH: process.env["PATH"] ?? "" },
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString().trim().split("\n");
}

interface Part {
  content?: string;
  line?: number;
  lines?: number;
  version?: string;
  type?: string;
  encoding?: string;
  base64?: string;
}

async function read(files: OpenedFiles, args: Record<string, unknown>) {
  const answer = await files.service.run("read_file", args);
  return { ...answer, data: v.parse(v.looseObject({}), answer.data) as Part };
}

/** All pages of it. */
async function readAll(files: OpenedFiles, args: Record<string, unknown>): Promise<{ text: string; pages: number }> {
  let text = "";
  let next: string | undefined;
  let pages = 0;
  do {
    const answer = await read(files, { ...args, ...(next !== undefined && { continue: next }) });
    text += answer.data.content ?? Buffer.from(answer.data.base64 ?? "", "base64").toString("latin1");
    next = answer.next;
    pages++;
  } while (next !== undefined);
  return { text, pages };
}

describe("filesystem_read_file", () => {
  test("lines from, so many, or the last ones", async () => {
    await using files = await openedFiles();
    files.put("a.txt", "one\ntwo\nthree\nfour\n");
    const parts = [{ from: 2, lines: 2 }, { tail: 1 }, { lines: 1 }, { from: 4 }, { tail: 99 }];
    const read4 = await Promise.all(
      parts.map(async (part) => (await read(files, { path: "a.txt", ...part })).data.content),
    );
    expect(read4).toEqual(["two\nthree\n", "four\n", "one\n", "four\n", "one\ntwo\nthree\nfour\n"]);
    expect((await read(files, { path: "a.txt", from: 2 })).data).toMatchObject({
      line: 2,
      lines: 4,
      type: "text",
      encoding: "utf-8",
    });
    expect((await files.service.errorOf("read_file", { path: "a.txt", from: 9 })).message).toBe(
      "Argument from is beyond the end (4 lines)",
    );
    expect((await files.service.errorOf("read_file", { path: "a.txt", from: 2, tail: 1 })).code).toBe("SVC_001");
  });

  test.each([
    ["small lines", Array.from({ length: 20_000 }, (_, n) => `line ${n} äöü`).join("\n")],
    ["one long line", "x😀".repeat(60_000)],
    ["windows-1252", Buffer.from("caf\xe9 \x80\n".repeat(20_000), "latin1")],
    ["utf-16", Buffer.from(`\ufeff${"zeile ä\r\n".repeat(20_000)}`, "utf16le")],
    ["more than is held: small lines", Array.from({ length: 900_000 }, (_, n) => `line ${n} ü`).join("\n")],
    [
      "more than is held: bytes that are no text after all",
      Buffer.concat([Buffer.from("a\n".repeat(5_000_000)), Buffer.from("caf\xe9\n".repeat(50_000), "latin1")]),
    ],
  ])(
    "all pages of %s are the file",
    async (_what, content) => {
      await using files = await openedFiles();
      const bytes = Buffer.from(content);
      files.put("a.txt", bytes);
      const isLarge = bytes.length > 8 << 20;
      const from = isLarge ? { from: (bytes.toString("latin1").split("\n").length * 0.9) | 0 } : {};
      const { text, pages } = await readAll(files, { path: "a.txt", ...from });
      expect(pages).toBeGreaterThan(1);
      const whole =
        typeof content === "string"
          ? content
          : bytes[0] === 0xff
            ? bytes.toString("utf16le").slice(1)
            : new TextDecoder("windows-1252").decode(bytes);
      const wanted = isLarge
        ? whole.slice(
            whole
              .split("\n")
              .slice(0, (from.from ?? 1) - 1)
              .join("\n").length + 1,
          )
        : whole;
      expect(text === wanted).toBe(true);
    },
    TIMEOUT,
  );

  test(
    "the end of what is too large to be held, and what was appended",
    async () => {
      await using files = await openedFiles();
      const file = files.put("a.log", "line\n".repeat(2_000_000));
      appendFileSync(file, `password=${SECRET}\nlast\n`);
      const { data } = await read(files, { path: "a.log", tail: 2 });
      expect(data.content).toBe("password=[redacted:password]\nlast\n");
      expect((await read(files, { path: "a.log", from: 2_000_002 })).data).toMatchObject({
        content: "last\n",
        line: 2_000_002,
      });
      expect((await files.service.errorOf("read_file", { path: "a.log", from: 3_000_000 })).code).toBe("SVC_001");
    },
    TIMEOUT,
  );

  test(
    "no part of a secret is shown by asking for a part of the file",
    async () => {
      await using files = await openedFiles();
      const text = ["first", ...KEY_LINES, "after", ""].join("\n");
      files.put("small.txt", text);
      files.put("large.txt", `${"x\n".repeat(5_000_000)}${text}${"x\n".repeat(100_000)}`);
      for (const [path, before] of [
        ["small.txt", 0],
        ["large.txt", 5_000_000],
      ] as const) {
        for (let line = 1; line <= 6; line++) {
          const { content = "" } = (await read(files, { path, from: before + line, lines: 1 })).data;
          for (const part of KEY_LINES.slice(1, -1)) expect(content).not.toContain(part.slice(0, 8));
        }
      }
      expect((await read(files, { path: "small.txt", from: 6, lines: 1 })).data.content).toBe("after\n");
    },
    TIMEOUT,
  );

  test(
    "pictures are shown, other bytes only when they are asked for, and not those with secrets",
    async () => {
      await using files = await openedFiles();
      const png = Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "base64",
      );
      files.put("a.png", png);
      expect((await read(files, { path: "a.png" })).images).toEqual([
        { mimeType: "image/png", base64: png.toString("base64") },
      ]);
      const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, n) => n % 251));
      files.put("a.bin", bytes);
      const closed = await read(files, { path: "a.bin" });
      expect([closed.data.content, closed.data.base64, closed.note]).toEqual([
        undefined,
        undefined,
        "It is no text. For its bytes: base64: true.",
      ]);
      const { text, pages } = await readAll(files, { path: "a.bin", base64: true });
      expect([text === bytes.toString("latin1"), pages > 1]).toEqual([true, true]);
      files.put("hidden.bin", `\0password=${SECRET}\n`);
      expect((await files.service.errorOf("read_file", { path: "hidden.bin", base64: true })).code).toBe("SVC_002");
      const large = Buffer.concat([
        Buffer.from([0, 1]),
        Buffer.alloc(9 << 20, "\x03"),
        Buffer.from(`password=${SECRET}\n`),
      ]);
      files.put("large.bin", large);
      let next: string | undefined;
      await expect(
        (async () => {
          do {
            const page = await files.service.run("read_file", {
              path: "large.bin",
              base64: true,
              ...(next !== undefined && { continue: next }),
            });
            next = page.next;
          } while (next !== undefined);
        })(),
      ).rejects.toThrow("has secrets in it");
    },
    TIMEOUT,
  );

  test("a token is of its file alone", async () => {
    await using files = await openedFiles();
    files.put("a.txt", "line\n".repeat(50_000));
    files.put("b.txt", "line\n".repeat(50_000));
    const { next } = await read(files, { path: "a.txt" });
    expect((await files.service.errorOf("read_file", { path: "b.txt", continue: next })).code).toBe("SVC_001");
    expect((await files.service.errorOf("read_file", { path: "a.txt", continue: "nonsense" })).code).toBe("SVC_001");
  });

  test.skipIf(process.platform !== "linux")("files that say they are empty are read all the same", async () => {
    await using files = await openedFiles({ read_only: ["/proc/self"] });
    const { data } = await read(files, { path: `/proc/${process.pid}/status` });
    expect(data.content).toContain("VmRSS");
  });

  test.skipIf(process.platform === "win32")("pipes, sockets and devices are refused without waiting", async () => {
    await using files = await openedFiles();
    Bun.spawnSync(["mkfifo", join(files.root, "pipe")]);
    const listening = Promise.withResolvers<void>();
    const server = createServer().listen(join(files.root, "socket"), listening.resolve);
    try {
      await listening.promise;
      for (const kind of ["pipe", "socket"]) {
        for (const [tool, args] of [
          ["read_file", {}],
          ["edit_file", { edits: [{ old: "a", new: "b" }] }],
          ["write_file", { content: "x" }],
        ] as const) {
          const error = await files.service.errorOf(tool, { path: kind, ...args });
          expect([error.code, error.message]).toEqual([
            "SVC_007",
            `${join(files.root, kind)} is no file but a ${kind}`,
          ]);
        }
      }
      expect((await files.service.run("search_files", { text: "x" })).text).toStartWith("0 lines found");
      expect((await files.service.run("list_directory", {})).text).toContain("1 pipe, 1 socket");
      expect((await files.service.errorOf("copy", { from: "pipe", to: "pipe-2" })).message).toEndWith(
        "is a pipe, which cannot be copied",
      );
    } finally {
      server.close();
    }
    await using devices = await openedFiles({ roots: ["/dev"] });
    expect((await devices.service.errorOf("read_file", { path: "zero" })).message).toBe(
      "/dev/zero is no file but a device",
    );
  });

  test.skipIf(!HAS_USERS)(
    `what may not be read, or written, says so${HAS_USERS ? "" : " (needs root and setpriv)"}`,
    async () => {
      await using files = await openedFiles();
      chmodSync(files.around, 0o755);
      chmodSync(files.put("a.txt", "x"), 0o644);
      chmodSync(files.put("closed.txt", "x"), 0o600);
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      expect(called(nobody, files.root, "read_file", { path: "closed.txt" })).toEqual([
        "SVC_004 the system does not allow it",
        "a.txt,closed.txt",
      ]);
      expect(called(nobody, files.root, "write_file", { path: "a.txt", content: "y" })).toEqual([
        "SVC_004 the system does not allow it",
        "a.txt,closed.txt",
      ]);
      expect(called(nobody, files.root, "delete", { path: "a.txt" })).toEqual([
        "SVC_004 the system does not allow it",
        "a.txt,closed.txt",
      ]);
      for (const [name, mode] of [
        ["unlisted", 0o711],
        ["closed", 0o700],
        ["shown", 0o744],
      ] as const) {
        files.put(`${name}/b.txt`, "x");
        chmodSync(join(files.root, name), mode);
      }
      for (const [tool, args] of [
        ["search_files", { text: "x" }],
        ["list_directory", { depth: 3 }],
      ] as const) {
        expect(called(nobody, files.root, tool, args)[0]).toBe("it was done");
      }
      expect(files.get("a.txt")).toBe("x");
    },
    TIMEOUT,
  );

  test(
    "a file that is cut off while it is read is no trouble",
    async () => {
      await using files = await openedFiles();
      const file = files.put("a.log", "line\n".repeat(4_000_000));
      const { next } = await read(files, { path: "a.log" });
      truncateSync(file, 10);
      const rest = await files.service
        .run("read_file", { path: "a.log", continue: next })
        .catch((error: unknown) => error);
      expect(JSON.stringify(rest)).not.toContain("fault");
    },
    TIMEOUT,
  );
});

describe("filesystem_read_files", () => {
  test("says of each what it is, or why not", async () => {
    await using files = await openedFiles();
    files.put("a.txt", "A\n");
    files.put("long.txt", "line\n".repeat(50_000));
    const { text } = await files.service.run("read_files", { paths: ["a.txt", "missing", "../x", "long.txt"] });
    expect(text).toContain(`=== ${files.root}/a.txt\nA\n`);
    expect(text).toContain("=== missing\n(not read: ");
    expect(text).toContain("outside of what may be used");
    expect(text).toContain("for more of it: filesystem_read_file.");
  });
});

describe("filesystem_write_file and filesystem_edit_file", () => {
  test("what was written is there, with the mode that was, and nothing beside it", async () => {
    await using files = await openedFiles();
    await files.service.run("write_file", { path: "a.sh", content: "one\n" });
    chmodSync(join(files.root, "a.sh"), 0o750);
    await files.service.run("write_file", { path: "a.sh", content: "two\n" });
    await files.service.run("write_file", { path: "a.sh", content: "three\n", mode: "append" });
    await files.service.run("edit_file", { path: "a.sh", edits: [{ old: "two", new: "2" }] });
    expect([files.get("a.sh"), statSync(join(files.root, "a.sh")).mode & 0o777]).toEqual(["2\nthree\n", 0o750]);
    expect(readdirSync(files.root)).toEqual(["a.sh"]);
    expect((await files.service.errorOf("write_file", { path: "a.sh", content: "", mode: "create" })).code).toBe(
      "SVC_007",
    );
    expect((await files.service.errorOf("write_file", { path: "missing/a", content: "" })).message).toBe(
      `There is no folder ${files.root}/missing`,
    );
  });

  test("a version that was read is what is changed, or nothing is", async () => {
    await using files = await openedFiles();
    const file = files.put("a.txt", "one\n");
    const { version } = (await read(files, { path: "a.txt" })).data;
    writeFileSync(file, "other\n");
    for (const [tool, args] of [
      ["write_file", { content: "x" }],
      ["edit_file", { edits: [{ old: "other", new: "x" }] }],
    ] as const) {
      expect((await files.service.errorOf(tool, { path: "a.txt", expect: version, ...args })).message).toBe(
        `${file} is not what it was: it has been changed`,
      );
    }
    expect(files.get("a.txt")).toBe("other\n");
    const again = (await read(files, { path: "a.txt" })).data.version;
    await files.service.run("write_file", { path: "a.txt", expect: again, content: "x" });
    expect(
      (await files.service.errorOf("write_file", { path: "gone.txt", expect: again, content: "x" })).message,
    ).toEndWith("it is gone");
  });

  test("a secret is not replaced by its mask, and not laid open by an edit", async () => {
    await using files = await openedFiles();
    const text = `name: shop\npassword: ${SECRET}\n`;
    files.put("c.yaml", text);
    const { content = "" } = (await read(files, { path: "c.yaml" })).data;
    expect(content).toBe("name: shop\npassword: [redacted:password]\n");
    const error = await files.service.errorOf("write_file", {
      path: "c.yaml",
      content: content.replace("shop", "store"),
    });
    expect([error.code, error.hint]).toEqual([
      "SVC_007",
      "The secret would be lost. Change the rest with filesystem_edit_file, which leaves it as it is.",
    ]);
    const opening = await files.service.errorOf("edit_file", {
      path: "c.yaml",
      edits: [{ old: "password:", new: "colour:" }],
    });
    expect(opening.message).toEndWith("after that, what [redacted:...] stands for would be seen");
    expect(files.get("c.yaml")).toBe(text);
    const { data } = await files.service.run("edit_file", {
      path: "c.yaml",
      edits: [{ old: content, new: content.replace("shop", "store") }],
    });
    expect(files.get("c.yaml")).toBe(text.replace("shop", "store"));
    expect(JSON.stringify(data)).not.toContain(SECRET);
    const copied = await files.service.run("write_file", { path: "copy.yaml", content });
    expect(copied.note).toBe("It has [redacted:...] in it as it stands: the secrets themselves are not there.");
  });

  test("what is searched is what is shown", async () => {
    await using files = await openedFiles();
    files.put("c.yaml", `password: ${SECRET}\n`);
    for (const args of [{ text: SECRET }, { text: SECRET.slice(0, 4) }, { text: "password: P.*", regex: true }]) {
      expect((await files.service.run("search_files", args)).data).toMatchObject({ total: 0 });
    }
    expect((await files.service.run("search_files", { text: "password" })).text).toEndWith(
      "c.yaml:1: password: [redacted:password]",
    );
  });

  test("encoding, byte order mark and line ends stay", async () => {
    await using files = await openedFiles();
    const utf16 = files.put("a.txt", Buffer.from("\ufeffgrün\r\nrot\r\n", "utf16le"));
    const latin = files.put("b.txt", Buffer.from("gr\xfcn\n", "latin1"));
    await files.service.run("edit_file", { path: "a.txt", edits: [{ old: "grün\nrot", new: "blau\nrot" }] });
    await files.service.run("edit_file", { path: "b.txt", edits: [{ old: "grün", new: "größe" }] });
    expect([readFileSync(utf16).toString("utf16le"), readFileSync(latin).toString("latin1")]).toEqual([
      "\ufeffblau\r\nrot\r\n",
      "gr\xf6\xdfe\n",
    ]);
    const { code } = await files.service.errorOf("edit_file", {
      path: "b.txt",
      edits: [{ old: "größe", new: "日本" }],
    });
    expect(code).toBe("SVC_007");
  });

  test.skipIf(!HAS_NAMESPACES)(
    `a full disk, or one that is read-only, leaves the file as it was${HAS_NAMESPACES ? "" : " (needs namespaces)"}`,
    async () => {
      await using files = await openedFiles();
      // A file system of a few pages, in a namespace of its own.
      const mounted = (options: string): string[] => [
        "unshare",
        "-rm",
        "sh",
        "-c",
        `mount -t tmpfs -o size=64k none "$0" && printf kept > "$0/a.txt" && mount -o remount,${options} "$0" && "$@"; cat "$0/a.txt"`,
        files.root,
      ];
      const args = { path: "a.txt", content: "x".repeat(100_000) };
      expect(called(mounted("rw"), files.root, "write_file", args)).toEqual([
        "SVC_008 the disk is full",
        "a.txt",
        "kept",
      ]);
      expect(called(mounted("ro"), files.root, "write_file", args)).toEqual([
        "SVC_004 its file system is read-only",
        "a.txt",
        "kept",
      ]);
    },
    TIMEOUT,
  );
});

describe("filesystem_list_directory", () => {
  test("odd names are told apart from what they look like, and a page begins where the last one ended", async () => {
    await using files = await openedFiles();
    for (const name of ["a\nb", "\u202egnp.exe", " space", "ü"]) files.put(name, "x");
    mkdirSync(join(files.root, "folder"));
    symlinkSync("folder", join(files.root, "link"));
    if (process.platform === "linux")
      writeFileSync(Buffer.concat([Buffer.from(`${files.root}/bad`), Buffer.from([0xff])]), "x");
    const { text = "" } = await files.service.run("list_directory", {});
    expect(text).toContain('"a\\nb"');
    expect(text).toContain('"\\u202egnp.exe"');
    expect(text).toContain('" space"');
    expect(text).toContain("folder/");
    if (process.platform === "linux") expect(text).toContain("(its name is no text)");
    expect((await read(files, { path: "a\nb" })).data.content).toBe("x");
  });

  test(
    "a hundred thousand files",
    async () => {
      await using files = await openedFiles();
      mkdirSync(join(files.root, "many"));
      for (let n = 0; n < 100_000; n++)
        writeFileSync(join(files.root, "many", `file-${String(n).padStart(6, "0")}`), "");
      const first = await files.service.run("list_directory", { path: "many", limit: 500 });
      const second = await files.service.run("list_directory", { path: "many", limit: 500, continue: first.next });
      expect(first.data).toMatchObject({ total: 100_000 });
      expect(second.text).toContain("file-000500");
      expect((await files.service.run("search_files", { path: "many", glob: "*-09999[0-9]" })).data).toMatchObject({
        total: 10,
      });
      expect((await files.service.errorOf("delete", { path: "many" })).code).toBe("SVC_007");
    },
    TIMEOUT,
  );
});

describe("filesystem_search_files", () => {
  test("by glob, without what is ignored", async () => {
    await using files = await openedFiles();
    for (const file of [
      "src/a.ts",
      "src/b.js",
      "src/deep/c.ts",
      "dist/a.ts",
      "keep/dist/x.ts",
      "node_modules/m/a.ts",
      "logs/x.log",
      "logs/keep.log",
    ])
      files.put(file, "x");
    files.put(".gitignore", "/dist/\n*.log\n!keep.log\n# nothing\n");
    const found = async (args: Record<string, unknown>): Promise<string[]> => {
      const { data } = await files.service.run("search_files", args);
      return v.parse(v.object({ found: v.array(v.object({ path: v.string() })) }), data).found.map(({ path }) => path);
    };
    expect(await found({ glob: "*.ts" })).toEqual(["keep/dist/x.ts", "src/a.ts", "src/deep/c.ts"]);
    expect(await found({ glob: "src/*" })).toEqual(["src/a.ts", "src/b.js"]);
    expect(await found({ glob: "*.log" })).toEqual(["logs/keep.log"]);
    expect(await found({ glob: "**/a.ts", ignored: true })).toEqual(["dist/a.ts", "node_modules/m/a.ts", "src/a.ts"]);
    expect(await found({ glob: "de*", type: "folder" })).toEqual(["src/deep"]);
    expect((await files.service.errorOf("search_files", { glob: "{a" })).code).toBe("SVC_001");
  });

  test("by text, by expression, with lines around, and quickly whatever the expression is", async () => {
    await using files = await openedFiles();
    files.put("a.txt", "one\nTwo 22\nthree\n");
    files.put("evil.txt", `${"a".repeat(40_000)}\n`);
    files.put("a.bin", "Two\0");
    const text = async (args: Record<string, unknown>) =>
      (await files.service.run("search_files", args)).text?.split("\n").slice(1).join("\n");
    expect(await text({ text: "two" })).toBe("");
    expect(await text({ text: "two", ignore_case: true })).toBe("a.txt:2: Two 22");
    expect(await text({ text: "^t\\w+ \\d{2}$", regex: true, ignore_case: true })).toBe("a.txt:2: Two 22");
    expect(await text({ text: "Two", context: 1 })).toBe("a.txt:2:\n 1 one\n>2 Two 22\n 3 three");
    expect(await text({ text: "(a+)+$b", regex: true })).toBe("");
    expect(await text({ path: "a.txt", text: "one" })).toBe("a.txt:1: one");
    expect((await files.service.errorOf("search_files", { text: "(", regex: true })).message).toBe(
      "Argument text is no expression that can be used: a ( has no ) behind it",
    );
  });
});

describe("names that are kept", () => {
  test("nothing of them is read, searched, changed or taken along", async () => {
    await using files = await openedFiles();
    files.put("app/.env", `DB=${SECRET}\n`);
    files.put("app/main.ts", "x");
    files.put(".git/config", "[core]\n");
    symlinkSync("app/.env", join(files.root, "plain.txt"));
    for (const [tool, args] of [
      ["read_file", { path: "app/.env" }],
      ["read_file", { path: "plain.txt" }],
      ["file_info", { path: "app/.env" }],
      ["write_file", { path: "app/.ENV", content: "" }],
      ["copy", { from: "app", to: "copied" }],
      ["move", { from: "app", to: "moved" }],
      ["move", { from: "app/.env", to: "env" }],
      ["move", { from: "app/main.ts", to: "app/id_rsa" }],
      ["delete", { path: "app", recursive: true }],
      ["create_directory", { path: "x/.ssh/y" }],
      ["write_file", { path: ".git/hooks/pre-commit", content: "" }],
      ["delete", { path: ".git", recursive: true }],
    ] as const) {
      expect([tool, args, (await files.service.errorOf(tool, args)).code]).toEqual([
        tool,
        args,
        tool === "write_file" && args.path.startsWith(".git") ? "SVC_006" : "SVC_002",
      ]);
    }
    expect((await read(files, { path: ".git/config" })).data.content).toBe("[core]\n");
    expect((await files.service.run("search_files", { text: "DB", ignored: true })).data).toMatchObject({ total: 0 });
    expect((await files.service.run("list_directory", { depth: 3 })).text).toContain("app/.env  23  ");
    expect(existsSync(join(files.root, "x"))).toBe(false);
    await using opened = await openedFiles({ roots: [files.root], deny: [] });
    expect((await read(opened, { path: "app/.env" })).data.content).toContain("DB=");
  });
});

describe("filesystem_copy, move, delete and create_directory", () => {
  test("a folder with all that is in it", async () => {
    await using files = await openedFiles();
    chmodSync(files.put("a/run.sh", "x"), 0o755);
    files.put("a/b/c.txt", "y".repeat(3 << 20));
    symlinkSync("b/c.txt", join(files.root, "a/link"));
    await files.service.run("create_directory", { path: "x/y/z" });
    expect((await files.service.run("create_directory", { path: "x/y/z" })).data).toMatchObject({ created: false });
    const { data } = await files.service.run("copy", { from: "a", to: "x/a2" });
    expect(data).toMatchObject({ files: 3, bytes: (3 << 20) + 1 });
    expect([files.get("x/a2/link").length, statSync(join(files.root, "x/a2/run.sh")).mode & 0o777]).toEqual([
      3 << 20,
      0o755,
    ]);
    await files.service.run("move", { from: "x/a2", to: "moved" });
    expect(readdirSync(join(files.root, "x"))).toEqual(["y"]);
    for (const to of ["a", "moved", "moved/run.sh"])
      expect((await files.service.errorOf("copy", { from: "a/run.sh", to })).code).toBe("SVC_007");
    expect((await files.service.errorOf("copy", { from: "a", to: "a/b/a" })).message).toEndWith(
      "cannot be copied into itself",
    );
    expect((await files.service.errorOf("move", { from: "a", to: "a/b/a" })).code).toBe("SVC_007");
    await files.service.run("delete", { path: "moved", recursive: true });
    expect(readdirSync(files.root).sort()).toEqual(["a", "x"]);
  });
});

test("without a folder, or with one that is none, it says so", async () => {
  const around = {
    env: {},
    home: undefined,
    references: { env: {}, readSecret: async () => await Promise.resolve(undefined) },
    cache: new BackendCache(1),
    redactor: createRedactor(),
    say: () => undefined,
  };
  await expect(filesHere.open({}, around)).rejects.toThrow("filesystem: no folder is named that may be used");
  await expect(filesHere.open({ roots: ["/missing/folder"] }, around)).rejects.toThrow(
    "filesystem: cannot use /missing/folder: no such file or directory",
  );
  await expect(filesHere.open({ roots: [import.meta.path] }, around)).rejects.toThrow("is no folder");
});

describe("what changes between the look and the write", () => {
  /** The file as a tool has read it; then another program does something; then the tool writes. */
  async function written(files: OpenedFiles, meanwhile: (file: string) => void): Promise<unknown> {
    const file = files.put("a.txt", "as it was");
    const backend = backendFrom({
      roots: [{ given: files.root, path: files.root, access: "write" }],
      deny: [],
      protect: [],
      redaction: {},
      versionKey: "",
    });
    using place = locate(backend, "a.txt", { isChange: true });
    meanwhile(file);
    try {
      replaceContents(place, Buffer.from("new"), Buffer.from("as it was"));
      return undefined;
    } catch (error) {
      return error;
    }
  }

  test.each([
    ["is written", (file: string) => writeFileSync(file, "as it is!"), "SVC_007", "as it is!"],
    ["grows", (file: string) => appendFileSync(file, "."), "SVC_007", "as it was."],
    ["is put in its place", (file: string) => replaceFile(file, "another"), "SVC_007", "another"],
    ["deletes it", (file: string) => unlinkSync(file), "SVC_006", undefined],
  ])("is not lost when it %s", async (_what, meanwhile, code, there) => {
    await using files = await openedFiles();
    expect(await written(files, meanwhile)).toMatchObject({ code });
    expect(readdirSync(files.root)).toEqual(there === undefined ? [] : ["a.txt"]);
    if (there !== undefined) expect(files.get("a.txt")).toBe(there);
  });

  test("is replaced where it has changed nothing", async () => {
    await using files = await openedFiles();
    expect(await written(files, (file) => replaceFile(file, "as it was"))).toBeUndefined();
    expect(files.get("a.txt")).toBe("new");
  });
});

function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

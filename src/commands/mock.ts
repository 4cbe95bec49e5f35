/** `km mock SESSION`: a recorded session as a server. */
import { defineCommand, type Group, parseArgs } from "../command.ts";
import { KmError } from "../errors.ts";
import type { ReadCounts } from "../journal/decode.ts";
import { readEvents } from "../journal/read.ts";
import type { Session } from "../journal/sessions.ts";
import { lossesOf } from "../log/recorded.ts";
import { MockServer } from "../mock/mock-server.ts";
import { readRecording, type Recording } from "../mock/recording.ts";
import { writeLine } from "../mock/write-line.ts";
import { selfCommand } from "../self.ts";
import { maskerFor } from "./masker.ts";
import { recordedSession, SESSION_WORDS } from "./recorded-session.ts";
import { say } from "./say.ts";
import { counted } from "../counted.ts";

export default defineCommand({
  meta: { name: "mock", description: "Stand in for a server: answer as it did in a recorded session" },
  args: {
    session: {
      type: "positional",
      required: true,
      description: SESSION_WORDS,
      complete: "session",
    },
    listen: {
      type: "string",
      valueHint: "address",
      description: "Serve it over HTTP, such as on 127.0.0.1:8080, in place of stdin and stdout",
    },
    strict: { type: "boolean", description: "Answer requests in the recorded order alone, each once" },
    latency: {
      type: "enum",
      options: ["none", "recorded"],
      description: "How long answers take; default: none, they come at once",
    },
  },
  examples: ["km mock last", "km mock files --strict", "km mock 7f3a --listen 127.0.0.1:8080 --latency recorded"],
  async run(args, _rest, program) {
    const session = await recordedSession(args.session);
    const recording = await recordingOf(session);
    const { strict: isStrict, latency = "none" } = args;
    if (args.listen !== undefined) {
      // By its folder: "last" would mean one that is recorded from now on.
      const words = ["mock", session.folder, "--latency", latency, ...(isStrict ? ["--strict"] : [])];
      return await serve(args.listen, `${session.info.name}-mock`, selfCommand(words), program);
    }
    const mock = new MockServer(recording, {
      isStrict,
      isSlow: latency === "recorded",
      mask: await maskerFor(session),
      send: writeLine,
    });
    mock.open();
    for await (const line of console) mock.receive(line);
    await mock.end();
    return 0;
  },
});

async function serve(address: string, name: string, server: string[], program: Group): Promise<number> {
  const { isLoopback } = await import("../backend/hosts.ts");
  const { readListenAddress } = await import("../backend/listen-address.ts");
  // km proxy would ask for flags that are not here.
  if (!isLoopback(readListenAddress("--listen", address, "127.0.0.1:8080").hostname)) {
    throw new KmError("USAGE", `A recording is not played to other machines: --listen ${address}`, {
      hint: `Let km proxy do it, which is told who may come: km proxy --listen ${address} --allow-host NAME -- km mock SESSION`,
    });
  }
  const { default: proxy } = await import("./proxy.ts");
  return await proxy.run(parseArgs(["--listen", address, "--name", name], proxy.args), server, program);
}

/** @throws KmError RPL_001 where there is nothing to play */
async function recordingOf({ info, folder }: Session): Promise<Recording> {
  const cannot = `Cannot play session ${info.session_id}:`;
  if (info.payloads === "metadata" || info.payloads === "off") {
    throw new KmError("RPL_001", `${cannot} its messages were not recorded (payloads: ${info.payloads})`, {
      hint: "Record with km monitor --payloads redacted, or full.",
    });
  }
  const counts: ReadCounts = { events: 0, torn: 0, vanished: 0 };
  const recording = await readRecording(readEvents(folder, { counts }));
  if (recording.scenes.length === 0) throw new KmError("RPL_001", `${cannot} the client asked for nothing`);
  for (const loss of lossesOf(counts)) say(loss);
  const { masked, incomplete } = recording;
  if (masked > 0) say(`${messages(masked)} recorded with secrets masked, and played with the masks in their place`);
  if (incomplete > 0) say(`${messages(incomplete)} not recorded whole: such a request gets an error`);
  return recording;
}

function messages(count: number): string {
  return counted(count, "message was", "messages were");
}

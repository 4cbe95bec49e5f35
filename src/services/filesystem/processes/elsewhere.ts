/** `elsewhere`: a tool of the file system, as this process has it: arguments are checked here, and the work is done by another. */
import * as v from "valibot";
import type { ServiceTool, ToolCall } from "../../tool.ts";
import type { FilesystemBackend } from "../backend.ts";
import type { FileProcesses } from "./file-processes.ts";
import { ANSWER, PREVIEW, type Setup } from "./messages.ts";

export interface FilesElsewhere {
  processes: FileProcesses;
  setup: Setup;
}

export function elsewhere(tool: ServiceTool<FilesystemBackend>): ServiceTool<FilesElsewhere> {
  return {
    ...tool,
    prepare(args) {
      const prepared = tool.prepare(args);
      if (prepared.issues !== undefined) return prepared;
      const asked = async (kind: "run" | "preview", call: ToolCall<FilesElsewhere>): Promise<unknown> => {
        const { backend, mostBytes } = call;
        return await backend.processes.ask({ kind, setup: backend.setup, tool: tool.name, args, mostBytes }, call);
      };
      return {
        run: async (call) => v.parse(ANSWER, await asked("run", call)),
        preview: prepared.preview && (async (call) => v.parse(PREVIEW, await asked("preview", call))),
      };
    },
  };
}

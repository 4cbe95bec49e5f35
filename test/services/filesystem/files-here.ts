/** `filesHere`: the service `filesystem` without processes of its own: what tests call is what those call. */
import type { FilesystemBackend } from "../../../src/services/filesystem/backend.ts";
import { FILE_TOOLS } from "../../../src/services/filesystem/file-tools.ts";
import { openRoots } from "../../../src/services/filesystem/places/roots.ts";
import { USUAL_DENY, USUAL_PROTECT } from "../../../src/services/filesystem/places/usual-names.ts";
import { backendFrom } from "../../../src/services/filesystem/processes/backend-from.ts";
import filesystem from "../../../src/services/filesystem/service.ts";
import type { AnyService } from "../../../src/services/services.ts";

export const filesHere: AnyService = {
  name: filesystem.name,
  title: filesystem.title,
  description: filesystem.description,
  config: filesystem.config,
  tools: FILE_TOOLS,
  async open({ roots, read_only: readOnly, deny, protect }, { home, redactor }): Promise<FilesystemBackend> {
    return await Promise.resolve(
      backendFrom({
        roots: openRoots({ roots, readOnly }, home),
        deny: deny ?? [...USUAL_DENY],
        protect: protect ?? [...USUAL_PROTECT],
        redaction: redactor.rules,
        versionKey: crypto.randomUUID(),
      }),
    );
  },
};

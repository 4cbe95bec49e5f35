/** `tarred`: a .tar.gz whose bytes depend on nothing but what goes into it. */
import { packTar } from "modern-tar";
import type { Compression } from "./release-types.ts";

export interface Member {
  name: string;
  data: Uint8Array;
  mode: number;
}

export async function tarred(members: Member[], mtime: Date, level: Compression): Promise<Uint8Array> {
  const entries = members.map(({ name, data, mode }) => ({
    header: { name, size: data.length, mode, mtime, uid: 0, gid: 0, uname: "", gname: "", type: "file" as const },
    body: data,
  }));
  // Its header of gzip has neither a name nor a time.
  return Bun.gzipSync(await packTar(entries), { level, library: "libdeflate" });
}

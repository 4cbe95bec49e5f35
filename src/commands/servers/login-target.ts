/** `loginTarget`: the server that is to be logged in to, by its name or its address. */
import { KmError } from "../../errors.ts";
import { isLogin, type Remote, type RemoteLogin } from "../../http/remote.ts";
import { remoteTo } from "../../servers/server.ts";
import { startNamed } from "./open-servers.ts";

export interface LoginTarget {
  remote: Remote;
  auth: RemoteLogin;
}

/** @throws KmError USAGE for one that has no login of this kind; what `startNamed` throws */
export async function loginTarget(name: string | undefined, url: string | undefined): Promise<LoginTarget> {
  if ((name === undefined) === (url === undefined)) {
    throw new KmError("USAGE", "Give the name of a server, or its address with --url", {
      hint: "km servers list shows the names.",
    });
  }
  const remote = name === undefined ? remoteTo(checked(url ?? "")) : await remoteOf(name);
  const { auth } = remote;
  if (isLogin(auth)) return { remote, auth };
  throw new KmError("USAGE", `The server ${name} has no login: its auth has the type ${auth.type}`, {
    hint: "What proves who you are stands in servers.yaml already, or in the secret that it refers to.",
  });
}

async function remoteOf(name: string): Promise<Remote> {
  const start = await startNamed(name, true);
  if (start.kind === "remote") return start.remote;
  throw new KmError("USAGE", `The server ${name} has no login: it is a program that km starts`, {
    hint: "Give it what it needs as env, with km servers edit.",
  });
}

function checked(url: string): string {
  if (/^https?:/i.test(url) && URL.canParse(url)) return new URL(url).href;
  throw new KmError("USAGE", `Flag --url is not the address of a server: "${url}"`, {
    hint: "Write it as https://host/mcp.",
  });
}

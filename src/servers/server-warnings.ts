/** `serverWarnings`: what may stand in a server and better did not: secrets, and addresses that anyone can listen to. */
import type { ServerProblem } from "./compile-server.ts";
import { plainSecrets } from "./plain-secrets.ts";
import type { WrittenServer } from "./schema.ts";
import { secretName } from "./secret-name.ts";

export function serverWarnings(name: string, written: WrittenServer): ServerProblem[] {
  const secrets = plainSecrets(written).map(({ path, role }): ServerProblem => {
    const secret = secretName(name, role);
    const hint =
      path[0] === "args" || path[0] === "command"
        ? `Others can see a program's arguments: if the server takes it from a variable, write env. Else write \${keychain:${secret}}, and store it with km servers secret set ${secret}.`
        : `Write \${keychain:${secret}}, and store it with km servers secret set ${secret}.`;
    return { path, part: "value", message: "is a secret that stands there as it is", hint };
  });
  const { client_secret: clientSecret, issuer } = written.auth ?? {};
  if (clientSecret !== undefined && issuer === undefined) {
    secrets.push({
      path: ["auth", "client_secret"],
      part: "value",
      message: "goes to whichever authorization server the server names first",
      hint: "Give auth.issuer, the one that it belongs to.",
    });
  }
  const isPlain = written.url !== undefined && /^http:/i.test(written.url) && !LOOPBACK.test(written.url);
  if (!isPlain) return secrets;
  const hint = "Use https:// where the server has it.";
  return [
    ...secrets,
    {
      path: ["url"],
      part: "value",
      message: "is not encrypted: anyone on the way can read and change what is sent",
      hint,
    },
  ];
}

const LOOPBACK = /^http:\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?:[:/?#]|$)/i;

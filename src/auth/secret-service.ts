/** `secretService`: how the default keyring of a Linux desktop stands, found out without a dialog for its password. */
import type { Environment } from "../config/paths.ts";
import { messageOf, systemCode } from "../errors.ts";
import { type BusAnswer, connectToBus, leadingString, sessionBusSocket, variantBoolean } from "./session-bus.ts";

/** The bus is spoken to directly because the keychain's module cannot ask this: it would have it unlocked. */
export type SecretService = { state: "unlocked" | "locked" } | { state: "absent"; reason: string };

const SERVICE = "org.freedesktop.secrets";
const NO_COLLECTION = "/";

/** Waits for ever where the bus does: it is for a process that is ended in time. */
export async function secretService(env: Environment, user: number): Promise<SecretService> {
  const socket = sessionBusSocket(env);
  if (socket === undefined) return absent("there is no D-Bus session bus, as on a machine without a desktop");
  try {
    using bus = await connectToBus(socket, user);
    const alias = await bus.call({
      destination: SERVICE,
      path: "/org/freedesktop/secrets",
      interface: "org.freedesktop.Secret.Service",
      member: "ReadAlias",
      arguments: ["default"],
    });
    if ("error" in alias) return absent(whyNot(alias));
    const collection = leadingString(alias);
    if (collection === NO_COLLECTION) return absent("no keyring has been made for this user yet");
    const locked = await bus.call({
      destination: SERVICE,
      path: collection,
      interface: "org.freedesktop.DBus.Properties",
      member: "Get",
      arguments: ["org.freedesktop.Secret.Collection", "Locked"],
    });
    if ("error" in locked) return absent(whyNot(locked));
    return { state: variantBoolean(locked) ? "locked" : "unlocked" };
  } catch (error) {
    const isGone = systemCode(error) === "ENOENT" || systemCode(error) === "ECONNREFUSED";
    return absent(isGone ? "the D-Bus session bus is not running" : messageOf(error));
  }
}

function absent(reason: string): SecretService {
  return { state: "absent", reason };
}

function whyNot({ error }: Extract<BusAnswer, { error: string }>): string {
  const isUnknown = error.endsWith(".ServiceUnknown") || error.endsWith(".NameHasNoOwner");
  return isUnknown ? "no program provides the Secret Service" : `the Secret Service fails: ${error}`;
}

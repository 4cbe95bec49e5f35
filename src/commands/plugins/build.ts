/** `km plugins build`: packs a plugin's source into signed packages that km installs. */
import { resolve } from "node:path";
import { safeParse } from "valibot";
import { CUSTOMER_ID } from "../../api/contract/values.ts";
import { closest } from "../../closest.ts";
import { defineCommand } from "../../command.ts";
import { formatBytes } from "../../config/units.ts";
import { KmError } from "../../errors.ts";
import { stdout } from "../../output.ts";
import { isTarget, type Target, TARGETS } from "../../platforms.ts";
import { type BuildOptions, buildPlugin } from "../../plugin/build/build-plugin.ts";
import { readSigningKeys } from "../../plugin/build/signing-keys.ts";
import { type Tier, tierName, TIERS } from "../../tiers.ts";
import { ownTarget } from "../../update/release-target.ts";
import { say } from "../say.ts";
import { interruptible } from "../interruptible.ts";

/** What a package for a customer says where no licence is named. */
const NO_LICENCE = "none";

export default defineCommand({
  meta: { name: "build", description: "Pack a plugin for others, signed" },
  args: {
    folder: {
      type: "positional",
      required: false,
      description: "The plugin's folder, with its manifest.json; default: the current one",
      complete: "folder",
    },
    key: {
      type: "string",
      repeat: true,
      valueHint: "file",
      description: "A private key to sign with; repeatable",
      complete: "file",
    },
    form: {
      type: "enum",
      options: ["bundle", "executable"],
      description: "bundle: small, for every platform; executable: with Bun inside; default: bundle",
    },
    target: {
      type: "string",
      repeat: true,
      valueHint: "platform",
      description: "A platform to make an executable for, such as linux-x64; repeatable; default: this machine's",
      complete: "target",
    },
    customer: { type: "string", valueHint: "id", description: "The one customer who may use it: cus_..." },
    licence: { type: "string", valueHint: "id", description: "What the customer has it by; for --customer" },
    tier: {
      type: "string",
      valueHint: "tier",
      description: "Free, Pro or Enterprise, in place of the manifest's",
      complete: "tier",
    },
    "version-code": {
      type: "string",
      valueHint: "number",
      description: "A number that grows with every version, in place of the one that the version gives",
    },
    out: { type: "string", valueHint: "folder", description: "Where to; default: here", complete: "folder" },
  },
  examples: [
    "km plugins build --key ~/keys/km-plugins.key.pem",
    "km plugins build ./slow-calls --key km-plugins.key.pem --target linux-x64 --target darwin-arm64 --out dist",
    "km plugins build ./slow-calls --key km-plugins.key.pem --customer cus_... --licence 2026-017 --tier Pro",
  ],
  async run(args) {
    const { form } = args;
    if (args.key.length === 0) {
      throw new KmError("USAGE", "Cannot build a package without a key", {
        hint: "Name one with --key; km plugins keys generate makes one.",
      });
    }
    const [customer, tier, versionCode] = [customerIn(args), tierIn(args.tier), codeIn(args["version-code"])];
    const options: Omit<BuildOptions, "signal"> = {
      folder: resolve(args.folder ?? "."),
      ...(form === "bundle" || form === "executable" ? { form } : {}),
      targets: targetsIn(args.target, form),
      host: ownTarget(),
      ...(customer && { customer }),
      ...(tier && { tier }),
      ...(versionCode && { versionCode }),
      keys: readSigningKeys(args.key),
      iat: issuedAt(process.env["SOURCE_DATE_EPOCH"]),
      out: resolve(args.out ?? "."),
      onStep: (name, platform) => say(`Building ${name} for ${inWords(platform)}`),
    };
    return await interruptible("what was packed before is there", async (signal) => {
      const output = stdout();
      try {
        for await (const { file, name, version, size } of buildPlugin({ ...options, signal })) {
          say(`Packed ${name} ${version}, ${formatBytes(size)}`);
          await output.write(`${file}\n`);
        }
        return 0;
      } finally {
        await output.close();
      }
    });
  },
});

function customerIn({ customer: id, licence }: { customer: string | undefined; licence: string | undefined }) {
  if (id === undefined) {
    if (licence === undefined) return undefined;
    throw new KmError("USAGE", "Flag --licence says nothing without --customer", {
      hint: "Give the customer's id too, or leave it out.",
    });
  }
  if (!safeParse(CUSTOMER_ID, id).success) {
    throw new KmError("USAGE", `Flag --customer cannot be "${id}"`, {
      hint: "A customer's id is cus_ and 24 letters or digits; km auth status shows your own.",
    });
  }
  if (licence !== undefined && !/^[\w.-]{1,100}$/.test(licence)) {
    throw new KmError("USAGE", `Flag --licence cannot be "${licence}"`, {
      hint: "It has 1 to 100 letters, digits, dots, dashes and underscores.",
    });
  }
  return { id, licence: licence ?? NO_LICENCE };
}

function tierIn(text: string | undefined): Tier | undefined {
  if (text === undefined) return undefined;
  const tier = TIERS.find((one) => one === text.toLowerCase());
  if (tier !== undefined) return tier;
  throw new KmError("USAGE", `Flag --tier cannot be "${text}"`, {
    hint: `Allowed: ${TIERS.map(tierName).join(", ")}.`,
  });
}

function codeIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,15}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new KmError("USAGE", `Flag --version-code cannot be "${text}"`, { hint: "It is a whole number, 1 or more." });
}

function targetsIn(names: string[], form: string | undefined): Target[] {
  if (names.length > 0 && form === "bundle") {
    throw new KmError("USAGE", "Flag --target says nothing about a bundle, which runs everywhere");
  }
  return [...new Set(names)].map((name) => {
    if (isTarget(name)) return name;
    const nearest = closest(name, TARGETS);
    throw new KmError("USAGE", `Flag --target cannot be "${name}"`, {
      hint: `${nearest === undefined ? "" : `Did you mean ${nearest}? `}Allowed: ${TARGETS.join(", ")}.`,
    });
  });
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function issuedAt(epoch: string | undefined): number {
  if (epoch === undefined || epoch === "") return Math.floor(Date.now() / 1000);
  if (/^[1-9]\d{0,11}$/.test(epoch)) return Number(epoch);
  throw new KmError(
    "USAGE",
    `Cannot use SOURCE_DATE_EPOCH: ${JSON.stringify(epoch)} is no number of seconds since 1970`,
  );
}

function inWords(platform: Target | "any"): string {
  return platform === "any" ? "every platform" : platform;
}

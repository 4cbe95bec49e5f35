/**
 * What can stand in services.yaml besides each service's own part, and what that means for the host.
 */
import * as v from "valibot";
import {
  described,
  duration,
  list,
  mapping,
  perTime,
  size,
  text,
  textOrList,
  wholeNumber,
  word,
} from "../../guard/policy/schema-parts.ts";

const ACCESS = "a list of write and destructive";
const VERSION = "1";
const COUNT = "a whole number, at least 1";
const NAMES = "a name with * and ?, or a list of such names; ! stands in front of what is left out";

/** @param services the schema of each service's part, by name */
export function writtenSchema<const T extends v.ObjectEntries>(services: T) {
  return mapping(
    {
      version: v.optional(v.pipe(v.literal(1, VERSION), v.description("Of this form"))),
      services: described("Each by its name", mapping(services, "a mapping of names to services")),
      allow: described("What tools may do besides reading", list(word("write", "destructive"), ACCESS)),
      toolsets: described("Which tools there are; default: [core]", list(text("a toolset", 64), "a list of toolsets")),
      tools: described("Of these, only the ones that are named so: [kubernetes_*, '!*_exec']", textOrList(NAMES)),
      limits: described(
        "For all services",
        mapping(
          {
            answer: described("How large an answer may be; default: 64kb", size("a size such as 64kb")),
            timeout: described("How long a call may take; default: 60s", duration("a duration such as 60s")),
            cache: described("How much of backends' answers is kept; default: 32mb", size("a size such as 32mb")),
            service_calls: described("Calls of one service at a time; default: 32", wholeNumber(COUNT)),
            caller_calls: described("Calls of one caller at a time; default: 16", wholeNumber(COUNT)),
            requests: described(
              "HTTP requests of one caller in a time, where no file for --access says another limit; default: 6000/1m",
              perTime("a number in a time, such as 6000/1m"),
            ),
          },
          "a mapping of answer, timeout, cache, service_calls, caller_calls and requests",
        ),
      ),
      audit: described(
        "Who called what: a line of JSON each",
        mapping(
          {
            file: v.pipe(text("a file"), v.description("Where: absolute, or from the folder of this file")),
            max_size: described("From which size on it is put aside; default: 10mb", size("a size such as 10mb")),
            keep: described("How many are kept besides it; default: 5", wholeNumber(COUNT)),
            arguments: described(
              "Whether arguments are in it, secrets masked; default: true",
              v.boolean("true, false"),
            ),
            required: described("Nothing is called that cannot be written down", v.boolean("true, false")),
          },
          "a mapping of file, max_size, keep, arguments and required",
        ),
      ),
    },
    "a mapping with version and services",
  );
}

/** What stands at the top of services.yaml beside the services. */
export const HOST_KEYS: readonly string[] = Object.keys(writtenSchema({}).entries).filter((key) => key !== "services");

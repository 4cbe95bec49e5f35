/** `Answer`: the answer to a request, read only as far as somebody asks. */
import type { HeldMessage } from "../../stream/verdict.ts";
import { type Asked, named } from "./asked.ts";
import {
  type JsonMember,
  type JsonNode,
  type ObjectNode,
  readTree,
  repeatedName,
  stringOf,
  UNREADABLE,
  valueOf,
} from "./json-tree.ts";
import type { Unclear } from "./met.ts";
import { folded } from "./name-matcher.ts";

export class Answer {
  readonly text: string;
  readonly #value: unknown;
  #tree: JsonNode | undefined;
  #isRead = false;

  constructor({ text, value }: Pick<HeldMessage, "text" | "value">) {
    this.text = text;
    this.#value = value;
  }

  /** Undefined where it is not JSON to every reader. */
  get tree(): JsonNode | undefined {
    if (!this.#isRead) this.#tree = readTree(this.text, this.#value !== undefined);
    this.#isRead = true;
    return this.#tree;
  }

  /** The result; of an error, what it says, as a result would. */
  result(): { value: unknown } | Unclear {
    const { tree } = this;
    if (tree?.kind !== "object") return UNREADABLE;
    const twice = repeatedName(tree);
    if (twice !== undefined) return { unclear: `${twice} stands twice in the answer` };
    const { result, error } = Object(this.#value ?? valueOf(this.text, tree));
    if (error === undefined) return { value: result };
    return { value: { content: [{ type: "text", text: JSON.stringify(error) }], isError: true } };
  }

  /** The id of the task that the call became. */
  task(): string | undefined {
    if (!TASK_ID.test(this.text)) return undefined;
    const result = this.#result();
    const task = result && (this.#object(result, "task") ?? result);
    const id = task && named(task, "taskId", "taskid").value;
    return id === undefined ? undefined : stringOf(this.text, id);
  }

  /** In newer revisions of MCP a server asks in its answers for what it once sent requests for. */
  requests(): { method: string; text: string }[] {
    if (!INPUT_REQUESTS.test(this.text)) return [];
    return this.#membersNamed(this.#result(), "inputrequests").flatMap(({ value: requests }) => {
      const each = requests.kind === "object" ? requests.members : [];
      return each.flatMap(({ value }) => {
        const text = this.text.slice(value.start, value.end);
        const methods = this.#membersNamed(value, "method").map((method) => stringOf(this.text, method.value));
        return methods.flatMap((method) => (method === undefined ? [] : [{ method, text }]));
      });
    });
  }

  /** All that some reader may take for it. */
  #membersNamed(parent: JsonNode | undefined, loose: string): JsonMember[] {
    return parent?.kind === "object" ? parent.members.filter((member) => member.loose === loose) : [];
  }

  #result(): ObjectNode | undefined {
    return this.tree?.kind === "object" ? this.#object(this.tree, "result") : undefined;
  }

  #object(parent: ObjectNode, name: string): ObjectNode | undefined {
    const { value } = named(parent, name);
    return value?.kind === "object" ? value : undefined;
  }
}

/** An escape may be a letter of the name. */
const TASK_ID = /taskId|\\u/;
const INPUT_REQUESTS = /inputRequests|\\u/iu;

/** Where an answer holds what it answers. */
export function resultsIn(message: JsonNode): { at: JsonNode[]; beside: JsonNode[] } {
  if (message.kind !== "object") return { at: [], beside: [] };
  const isOne = (name: string): boolean => folded(name) === "result" || folded(name) === "error";
  return { at: message.members.filter(({ name }) => isOne(name)).map(({ value }) => value), beside: [] };
}

/** The results of calls that became tasks come with answers to other requests. */
export class TaskCalls {
  readonly #calls = new Map<string, Asked>();

  remember(task: string, call: Asked): void {
    // One with arguments this long is rare; a thousand of them would fill the memory.
    if (call.text.length > LONGEST_CALL) return;
    this.#calls.set(task, call);
    if (this.#calls.size <= MOST_TASKS) return;
    for (const oldest of this.#calls.keys()) {
      this.#calls.delete(oldest);
      break;
    }
  }

  /** @param poll the request for a task: `tasks/get`, `tasks/result` */
  callOf(poll: Asked): Asked {
    const params = poll.arguments?.kind === "object" ? poll.arguments : undefined;
    const id = params && named(params, "taskId", "taskid");
    const task =
      id?.value === undefined || id.doubt?.unclear.includes("twice") ? undefined : stringOf(poll.text, id.value);
    return this.#calls.get(task ?? "") ?? { ...UNKNOWN_CALL, text: poll.text, values: [] };
  }
}

const LONGEST_CALL = 64 << 10;
const MOST_TASKS = 1000;

/** Of a task that began before this session. */
const UNKNOWN_CALL: Omit<Asked, "values"> = {
  method: "tools/call",
  text: "",
  doubt: undefined,
  tool: undefined,
  prompt: undefined,
  resource: undefined,
  arguments: undefined,
  argumentsDoubt: { unclear: "the call of this task was not seen" },
  isNotification: false,
};

/** `km api admin users change`: changes a user's name, role or password, keeps the user out or lets them in again. */
import { callApi } from "../../../../api/client.ts";
import { changeUser } from "../../../../api/contract/admin.ts";
import { ROLE } from "../../../../api/contract/values.ts";
import { defineCommand } from "../../../../command.ts";
import { connect, ENDPOINT } from "../connect.ts";
import { disabledBy, given, oneOf, someChange } from "../flags.ts";
import { readPassword } from "../read-password.ts";

export default defineCommand({
  meta: { name: "change", description: "Change a user" },
  args: {
    id: { type: "positional", required: true, description: "The user's id: usr_..." },
    name: { type: "string", valueHint: "name", description: "The user's name" },
    role: { type: "enum", options: [...ROLE.options], description: "What the user may do" },
    password: { type: "boolean", description: "Ask for a new password; all logins of the user end" },
    "password-stdin": { type: "boolean", description: "Read the new password from stdin" },
    disable: { type: "boolean", description: "Keep the user out, at once" },
    enable: { type: "boolean", description: "Let the user in again" },
    endpoint: ENDPOINT,
  },
  examples: ["km api admin users change usr_... --role admin", "km api admin users change usr_... --disable"],
  async run({ id, name, role, endpoint, password: typed, "password-stdin": fromStdin, ...flags }) {
    const changes = given({ name, role: role === undefined ? undefined : oneOf(ROLE.options, role) });
    const password = typed || fromStdin ? { password: await readPassword(fromStdin) } : {};
    const body = someChange({ ...changes, ...disabledBy(flags), ...password });
    const api = await connect(endpoint);
    const user = await callApi(api, changeUser, { params: { id }, body });
    const state = user.disabled_at === null ? "active" : "disabled";
    process.stderr.write(`km: Changed ${user.id}: ${user.email}, ${user.role}, ${state}\n`);
    return 0;
  },
});

/** `AcceptFinding`: how a person says that a finding is meant to be so, or who has said it. */
import { useState } from "preact/hooks";
import { messageOf } from "../../errors.ts";
import { type GivenAcceptance, LONGEST_REASON, type ShownFinding } from "../findings-form.ts";
import { post } from "./api.ts";
import { dateTime } from "./text.ts";

interface Props {
  finding: ShownFinding;
  refresh(): void;
  say(text: string): void;
}

export function AcceptFinding({ finding: { key, title, accepted }, refresh, say }: Props) {
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  if (accepted !== undefined) {
    return (
      <p class="quiet">
        Accepted by {accepted.by}, {dateTime(accepted.at)}
        {accepted.until === undefined ? "" : `, until ${dateTime(accepted.until)}`}: {accepted.reason}
        <br />
        To take that back: <code>km findings unaccept {key}</code>
      </p>
    );
  }
  const accept = async (): Promise<void> => {
    setBusy(true);
    const given: GivenAcceptance = { reason: reason.trim() };
    try {
      await post(`findings/${key}`, given);
      say(`Accepted: ${title}`);
    } catch (error) {
      say(messageOf(error));
    }
    setBusy(false);
    refresh();
  };
  return (
    <form
      class="answers"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason.trim() !== "" && !isBusy) void accept();
      }}
    >
      <label class="reason">
        Why it is meant to be so
        <input
          type="text"
          maxLength={LONGEST_REASON}
          value={reason}
          onInput={({ currentTarget }) => setReason(currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={isBusy || reason.trim() === ""}>
        Accept
      </button>
    </form>
  );
}

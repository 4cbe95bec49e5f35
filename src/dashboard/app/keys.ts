/** Which keys are the dashboard's, and where they lead in its lists. */

/** Whether a key belongs to what has the focus, or to the browser, and so is none of the dashboard's. */
export function isTyped({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  const isField = target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
  return isField || ctrlKey || metaKey || altKey;
}

/** What each key adds to the place in a list. */
export const STEPS: Record<string, number | undefined> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1, Enter: 0 };
const OF_LIST = new Set(["ArrowDown", "ArrowUp", "Enter"]);

/**
 * Whether a key has a meaning of its own in the button or the tree that has the focus, and so is not for the list.
 *
 * @param id of the list
 */
export function isOfOther({ key, target }: KeyboardEvent, id: string): boolean {
  return OF_LIST.has(key) && target !== document.body && !(target instanceof HTMLElement && target.id === id);
}

/** From the list to what is open in it. */
export function focusMessages(): void {
  document.querySelector<HTMLElement>(".detail .message summary, .detail .message pre")?.focus();
}

/** Messages for screen readers in a live region. Messages of the same moment are announced together. */

const GATHER_MS = 400;
const MAX_MESSAGES = 3; // messages that are read out one by one

/**
 * Return a function that announces a message about a subject, such as the name of a file. Only the newest message of
 * each subject is announced.
 *
 * @param {{ textContent: string | null }} element the live region
 * @returns {(subject: string, message: string) => void}
 */
export function createAnnouncer(element) {
  /** @type {Map<string, string>} */
  const messages = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  function announce() {
    timer = undefined;
    const texts = [...messages].slice(0, MAX_MESSAGES).map(([subject, message]) => `${subject}: ${message}`);
    const others = messages.size - MAX_MESSAGES;
    if (others > 0) texts.push(others === 1 ? "and 1 more change" : `and ${others} more changes`);
    messages.clear();
    element.textContent = texts.join("; ");
  }

  return (subject, message) => {
    messages.set(subject, message);
    timer ??= setTimeout(announce, GATHER_MS);
  };
}

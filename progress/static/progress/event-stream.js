/**
 * A channel to a server that tells what changes, by a stream of server-sent events. A class that extends it says by
 * `isWanted` whether there is anything to wait for, and asks, by `ask(request)`: once, until the answer has ended. That
 * gives the pause before the next time, in milliseconds, or null if there shall be none until somebody wakes the channel.
 *
 * A stream that breaks is opened anew, ever more seldom, but at once when the network or the reader comes back. While
 * nobody looks at the page there is none, because a browser opens only six connections to a server. A connection may
 * break without a sign, and a proxy may buffer it: if nothing is received for a few seconds, the stream is closed, and
 * `isPolling` is true for a while.
 */

const RETRY_MS = 500; // before the first new attempt; doubled each time
const LONGEST_RETRY_MS = 30000;
const COME_BACK_SECONDS = 5; // if the server says "later" in a way that we don't understand
const FIRST_SILENCE_MS = 5000; // the server sends the first event immediately
const SILENCE_MS = 12000; // and something every 5 seconds after that
const FIRST_POLLING_MS = 30000; // after a stream that was silent; doubled each time
const MAX_POLLING_MS = 600000;

const channels = [];

addEventListener("online", () => channels.forEach((channel) => channel.wake()));
document.addEventListener("visibilitychange", () =>
  channels.forEach((channel) => (document.hidden ? channel.pause() : channel.wake())),
);

export class Channel {
  #timer = null;
  #request = null;
  #failures = 0;
  #pollUntil = 0;
  #pollingMs = FIRST_POLLING_MS;

  constructor() {
    channels.push(this);
  }

  /** The network, or the reader, is back. */
  wake() {
    if (!this.isWanted) return;
    this.pause(); // what is open may be broken without knowing it
    this.#failures = 0;
    this.soon(0);
  }

  pause() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  soon(ms) {
    clearTimeout(this.#timer);
    if (!document.hidden) this.#timer = setTimeout(() => this.#open(), ms);
  }

  /** Whether requests are to be sent that are answered immediately, instead of a stream being opened. */
  get isPolling() {
    return Date.now() < this.#pollUntil;
  }

  /** Poll until the time that a server with too many streams names. Return the pause before the next request. */
  refused(response, pollMs) {
    const wasPolling = this.isPolling;
    const later = comeBack(response);
    if (later !== null) this.#pollUntil = Date.now() + later;
    return later === null || wasPolling ? this.backOff() : pollMs;
  }

  /** What was said could be understood. */
  heard() {
    this.#failures = 0;
  }

  /**
   * Calls `hear` with each event of a stream, { event, id, data }, until it ends or `hear` gives a pause; `refused`, with
   * an answer that is no stream, gives one too.
   */
  async listen(url, request, hear, refused) {
    let isSilent = false;
    const silence = new Silence(() => {
      isSilent = true;
      request.abort();
    });
    try {
      const response = await get(url, request.signal);
      if (!response.ok) return refused(response);
      for await (const fields of events(response.body, silence)) {
        this.heard();
        const pause = await hear(fields);
        if (pause) return pause;
      }
    } catch (error) {
      if (!isSilent) throw error;
      this.#pollUntil = Date.now() + this.#pollingMs;
      this.#pollingMs = Math.min(2 * this.#pollingMs, MAX_POLLING_MS);
      return 1;
    } finally {
      silence.end();
    }
    return this.backOff();
  }

  /** Half of it is chance, so that the clients of a server that was away don't all come back at once. */
  backOff() {
    const longest = Math.min(RETRY_MS * 2 ** this.#failures++, LONGEST_RETRY_MS);
    return longest * (0.5 + Math.random() / 2);
  }

  /** A new one aborts the old one. */
  async #open() {
    this.pause();
    if (!this.isWanted) return;
    const request = (this.#request = new AbortController());
    let pause;
    try {
      pause = await this.ask(request);
    } catch {
      if (this.#request === request) pause = this.backOff();
    }
    request.abort(); // whatever is left of it
    if (this.#request !== request) return; // another has taken over
    this.#request = null;
    if (this.isWanted && pause !== null) this.soon(pause);
  }
}

/** When to try again after the server refused a stream because too many are open, in milliseconds; null for any other. */
function comeBack(response) {
  if (![429, 503].includes(response.status) || !response.headers.has("Retry-After")) return null;
  return 1000 * (Number(response.headers.get("Retry-After")) || COME_BACK_SECONDS);
}

export function get(url, signal, headers = {}) {
  return fetch(url, { credentials: "include", cache: "no-store", signal, headers });
}

class Silence {
  #timer = null;
  #broken;

  constructor(broken) {
    this.#broken = broken;
    this.#wait(FIRST_SILENCE_MS);
  }

  heard() {
    this.#wait(SILENCE_MS);
  }

  #wait(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#broken, ms);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/** The events of a text/event-stream. */
async function* events(body, silence) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    silence.heard();
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.event) yield fields;
    }
  }
}

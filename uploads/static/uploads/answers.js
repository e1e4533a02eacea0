/** How a request can go wrong: by no answer, or by one that says no. */

export class NoAnswer extends Error {}

export class Refused extends Error {
  /** The message is what the server says to people. */
  constructor(response, detail) {
    super(detail || `The server answered ${response.status}.`);
    this.status = response.status;
    // Headway and its nginx send Tus-Resumable with each answer of /api/tus; a proxy in front of them doesn't.
    this.isProxyLimit = response.status === 413 && !response.headers.has("Tus-Resumable");
    this.retryAfter = Number(response.headers.get("Retry-After")) || 0; // in seconds
  }
}

/** The answer, if it says yes. Raises NoAnswer, Refused, or what the signal was aborted with. */
export async function ask(url, { signal, seconds = 30, ...how } = {}) {
  const limit = AbortSignal.timeout(seconds * 1000);
  let response;
  try {
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    response = await fetch(url, { credentials: "include", cache: "no-store", signal: either, ...how });
  } catch (error) {
    signal?.throwIfAborted();
    throw new NoAnswer(error.message);
  }
  if (response.ok) return response;
  throw new Refused(response, await detail(response));
}

/** What a problem document says, of its fields if it names some; other error answers, as of a proxy, aren't for people. */
async function detail(response) {
  if (!response.headers.get("Content-Type")?.includes("json")) return "";
  const { detail, errors } = await response.json().catch(() => ({}));
  return errors ? Object.values(errors).flat().join(" ") : detail;
}

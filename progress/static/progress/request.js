/** Requests with a time limit, and the two ways in which they fail: without a response, or with an error response. */

/** No response was received: the network or the server is down, or the request took too long. */
export class NetworkError extends Error {}

/** The server responded with an error. The message is the server's own, for the user. */
export class ApiError extends Error {
  /**
   * @param {Response} response
   * @param {string} detail
   */
  constructor(response, detail) {
    super(detail || `The server returned an error (${response.status}). Try again in a minute.`);
    this.status = response.status;
    this.headers = response.headers;
  }
}

/**
 * Send a request and return its response if that is a success. Cookies are sent, and nothing is cached.
 *
 * Throws a NetworkError, an ApiError, or the reason with which the signal was aborted.
 *
 * @param {string | URL} url
 * @param {RequestInit & { seconds?: number }} [options] those of `fetch`, and the time limit
 */
export async function request(url, { signal, seconds = 30, ...options } = {}) {
  const limit = AbortSignal.timeout(seconds * 1000);
  let response;
  try {
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    response = await fetch(url, { credentials: "include", cache: "no-store", signal: either, ...options });
  } catch (error) {
    signal?.throwIfAborted();
    throw new NetworkError(messageOf(error));
  }
  if (response.ok) return response;
  throw new ApiError(response, await detailOf(response));
}

/**
 * Return the status of an ApiError, or undefined for every other error.
 *
 * @param {unknown} error
 */
export function statusOf(error) {
  return error instanceof ApiError ? error.status : undefined;
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Return the seconds of a Retry-After header, or 0 if there is none or it has a date.
 *
 * @param {Headers} headers
 */
export function retryAfter(headers) {
  return Number(headers.get("Retry-After")) || 0;
}

/**
 * Return the text of a problem document: the errors of its fields, or else its detail. The error pages of a proxy
 * have no text for users.
 *
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function detailOf(response) {
  if (!response.headers.get("Content-Type")?.includes("json")) return "";
  const { detail, errors } = await response.json().catch(() => ({}));
  return errors ? Object.values(errors).flat().join(" ") : detail;
}

/**
 * A client of tus 1.0.0 (https://tus.io/protocols/resumable-upload): the requests to create an upload, to get its
 * offset, to send a chunk, and to terminate it. It doesn't repeat requests.
 *
 * Its methods throw the errors of `request`.
 */

import { NetworkError, request, statusOf } from "../progress/request.js";

/** @import { Session } from "./session.js" */
/**
 * An unfinished upload.
 *
 * @typedef {object} Transfer
 * @property {string} id
 * @property {string} name
 * @property {number | null} size null until its client has sent it
 * @property {number} offset
 * @property {boolean} receiving whether a request is sending to it
 * @property {Record<string, string>} metadata
 */

const VERSION = { "Tus-Resumable": "1.0.0" };
const MAX_SEND_SECONDS = 90; // a connection can break without an error; the bytes received by then are kept

export class TusClient {
  #root;
  #session;

  /**
   * @param {string} api the URL that the API begins with
   * @param {Session} session
   */
  constructor(api, session) {
    this.#root = `${api}/tus`;
    this.#session = session;
  }

  /**
   * Return the user's unfinished uploads, newest first.
   *
   * @param {AbortSignal} [signal]
   * @returns {Promise<Transfer[]>}
   */
  async unfinished(signal) {
    return (await request(this.#root, { signal })).json();
  }

  /**
   * Create an upload and return its id.
   *
   * @param {{ size: number } & Record<string, string | number>} file its size and other metadata
   */
  async create({ size, ...metadata }) {
    const headers = { "Upload-Length": String(size), "Upload-Metadata": encode(metadata) };
    const response = await this.#change(this.#root, { method: "POST", headers });
    await response.text(); // the body is empty, but keeps its connection busy until it is read
    const id = response.headers.get("Location")?.match(/([^/]+)\/?$/)?.[1];
    if (!id) throw new NetworkError("The server's response has no Location header.");
    return id;
  }

  /**
   * Return the number of bytes that the server has.
   *
   * @param {string} id
   * @param {AbortSignal} [signal]
   */
  async offset(id, signal) {
    return offsetOf(await request(this.#url(id), { method: "HEAD", headers: VERSION, signal }));
  }

  /**
   * Return whether the server has the upload, complete or not.
   *
   * @param {string} id
   */
  async exists(id) {
    try {
      await this.offset(id);
      return true;
    } catch (error) {
      if (statusOf(error) === 404 || statusOf(error) === 410) return false;
      throw error;
    }
  }

  /**
   * Return the SHA-256 of bytes that the server has, in hexadecimal.
   *
   * @param {string} id
   * @param {number} start
   * @param {number} end
   * @param {AbortSignal} signal
   * @returns {Promise<string>}
   */
  async checksum(id, start, end, signal) {
    const response = await request(`${this.#url(id)}/checksum?start=${start}&end=${end}`, { signal });
    return (await response.json()).sha256;
  }

  /**
   * Send a chunk at this offset, and return the new offset.
   *
   * @param {string} id
   * @param {number} offset
   * @param {Blob} chunk
   * @param {AbortSignal} signal
   */
  async send(id, offset, chunk, signal) {
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const options = { method: "PATCH", headers, body: chunk, seconds: MAX_SEND_SECONDS, signal };
    return offsetOf(await this.#change(this.#url(id), options));
  }

  /** @param {string} id */
  async terminate(id) {
    await this.#change(this.#url(id), { method: "DELETE" });
  }

  /** @param {string} id */
  #url(id) {
    return `${this.#root}/${id}`;
  }

  /**
   * @param {string} url
   * @param {Parameters<typeof request>[1] & { headers?: Record<string, string> }} options
   */
  async #change(url, { headers, ...options }) {
    const token = await this.#session.token.get();
    return request(url, { ...options, headers: { ...VERSION, "X-CSRFToken": token, ...headers } });
  }
}

/** @param {Response} response */
function offsetOf(response) {
  const offset = Number(response.headers.get("Upload-Offset") ?? NaN);
  if (Number.isNaN(offset)) throw new NetworkError("The server's response has no Upload-Offset header.");
  return offset;
}

/**
 * Return the value of Upload-Metadata: pairs of a key and a Base64 value.
 *
 * @param {Record<string, string | number>} metadata
 */
function encode(metadata) {
  return Object.entries(metadata)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key} ${base64(String(value))}`)
    .join(",");
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.toWellFormed?.() ?? text)));
}

/**
 * tus 1.0.0 (https://tus.io/protocols/resumable-upload), as much of it as sending files needs: to create, to ask for the
 * offset, to send from there, to end it. It knows requests and answers, and nothing of when to try again.
 *
 * Raises what `answers.js` has.
 */

import { request as ask, NetworkError } from "../progress/request.js";

const VERSION = { "Tus-Resumable": "1.0.0" };
const LONGEST_SEND_SECONDS = 90; // a connection can break without a sign; what has arrived by then counts

export class Tus {
  #root;
  #session;

  /** `api` is the address that the API begins with. */
  constructor(api, session) {
    this.#root = `${api}/tus`;
    this.#session = session;
  }

  /** The user's unfinished files, newest first. */
  async unfinished(signal) {
    return (await ask(this.#root, { signal })).json();
  }

  /** Say that a file will come. Gives its id; not one byte of it is sent. */
  async create({ size, ...metadata }, signal) {
    const headers = { "Upload-Length": String(size), "Upload-Metadata": encode(metadata) };
    const answer = await this.#change(this.#root, { method: "POST", headers, signal });
    await answer.text(); // it is empty, but what nobody reads keeps its connection busy
    const id = answer.headers.get("Location")?.match(/([^/]+)\/?$/)?.[1];
    if (!id) throw new NetworkError("The server did not say where the file shall go.");
    return id;
  }

  /** How many bytes the server has. */
  async offset(id, signal) {
    return offsetOf(await ask(this.#url(id), { method: "HEAD", headers: VERSION, signal }));
  }

  /** Whether the server knows it, complete or not. */
  async knows(id) {
    try {
      await this.offset(id);
      return true;
    } catch (error) {
      if ([404, 410].includes(error.status)) return false;
      throw error;
    }
  }

  /** The SHA-256 of bytes that the server has, in hexadecimal. */
  async checksum(id, start, end, signal) {
    const { sha256 } = await (await ask(`${this.#url(id)}/checksum?start=${start}&end=${end}`, { signal })).json();
    return sha256;
  }

  /** Send the bytes that belong at the offset; how many the server has then. */
  async send(id, offset, bytes, signal) {
    const headers = { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    const how = { method: "PATCH", headers, body: bytes, seconds: LONGEST_SEND_SECONDS, signal };
    return offsetOf(await this.#change(this.#url(id), how));
  }

  async terminate(id) {
    await this.#change(this.#url(id), { method: "DELETE" });
  }

  #url(id) {
    return `${this.#root}/${id}`;
  }

  async #change(url, { headers, ...how }) {
    const token = await this.#session.token();
    return ask(url, { ...how, headers: { ...VERSION, "X-CSRFToken": token, ...headers } });
  }
}

function offsetOf(answer) {
  const offset = Number(answer.headers.get("Upload-Offset") ?? NaN);
  if (Number.isNaN(offset)) throw new NetworkError("The server did not say how much it has.");
  return offset;
}

/** Upload-Metadata: pairs of a key and a value in Base64. */
function encode(metadata) {
  return Object.entries(metadata)
    .filter(([, value]) => value)
    .map(([key, value]) => `${key} ${base64(value)}`)
    .join(",");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.toWellFormed?.() ?? text)));
}

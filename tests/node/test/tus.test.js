import assert from "node:assert/strict";
import { test } from "node:test";

import { NetworkError } from "../../../progress/static/progress/request.js";
import { TusClient } from "../../../uploads/static/uploads/tus.js";

/** @import { Session } from "../../../uploads/static/uploads/session.js" */

const session = /** @type {Session} */ (/** @type {unknown} */ ({ token: { get: async () => "token" } }));

/**
 * Return a client, and the requests that it sends. Each request gets this response.
 *
 * @param {import("node:test").TestContext} t
 * @param {ResponseInit} response
 */
function client(t, response) {
  /** @type {{ url: string, method: string | undefined, headers: Record<string, string> }[]} */
  const requests = [];
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ url, /** @type {any} */ { method, headers }) => {
    requests.push({ url, method, headers });
    return new Response(null, response);
  });
  return { tus: new TusClient("https://example.com/api", session), requests };
}

test("an upload is created with its size and its metadata in Base64", async (t) => {
  const { tus, requests } = client(t, { status: 201, headers: { Location: "https://example.com/api/tus/an-id" } });
  assert.equal(await tus.create({ size: 5, filename: "ü.txt", filetype: "" }), "an-id");
  const [{ url, method, headers }] = requests;
  assert.equal(`${method} ${url}`, "POST https://example.com/api/tus");
  assert.equal(headers["Tus-Resumable"], "1.0.0");
  assert.equal(headers["Upload-Length"], "5");
  assert.equal(headers["Upload-Metadata"], "filename w7wudHh0");
  assert.equal(headers["X-CSRFToken"], "token");
});

test("a chunk is sent at its offset", async (t) => {
  const { tus, requests } = client(t, { status: 204, headers: { "Upload-Offset": "8" } });
  assert.equal(await tus.send("an-id", 5, new Blob(["abc"]), new AbortController().signal), 8);
  assert.equal(requests[0].url, "https://example.com/api/tus/an-id");
  assert.equal(requests[0].headers["Upload-Offset"], "5");
});

test("a response without an offset fails like a lost connection, so that it is repeated", async (t) => {
  const { tus } = client(t, { status: 200 });
  await assert.rejects(tus.offset("an-id"), NetworkError);
});

test("an upload that was deleted doesn't exist", async (t) => {
  for (const status of [404, 410]) assert.equal(await client(t, { status }).tus.exists("an-id"), false);
  assert.equal(await client(t, { headers: { "Upload-Offset": "0" } }).tus.exists("an-id"), true);
  await assert.rejects(client(t, { status: 502 }).tus.exists("an-id"), { status: 502 });
});

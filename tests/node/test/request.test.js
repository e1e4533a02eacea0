import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, NetworkError, request, retryAfter, statusOf } from "../../../progress/static/progress/request.js";

/**
 * @param {import("node:test").TestContext} t
 * @param {() => Promise<Response>} respond
 */
const respondWith = (t, respond) => t.mock.method(globalThis, "fetch", respond);

const json = { "Content-Type": "application/problem+json" };

test("a successful response is returned", async (t) => {
  respondWith(t, async () => new Response("text"));
  assert.equal(await (await request("https://example.com/")).text(), "text");
});

test("an error response has the server's message", async (t) => {
  respondWith(t, async () => new Response('{"detail": "Too large."}', { status: 413, headers: json }));
  await assert.rejects(request("https://example.com/"), { message: "Too large.", status: 413 });
});

test("an error response for invalid fields has the messages of the fields", async (t) => {
  const body = JSON.stringify({ detail: "Invalid.", errors: { title: ["Too long."], due_on: ["No date."] } });
  respondWith(t, async () => new Response(body, { status: 422, headers: json }));
  await assert.rejects(request("https://example.com/"), { message: "Too long. No date." });
});

test("the text of a proxy's error page is not shown", async (t) => {
  respondWith(t, async () => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await assert.rejects(request("https://example.com/"), {
    message: "The server returned an error (502). Try again in a minute.",
  });
});

test("a request without a response fails with a network error", async (t) => {
  respondWith(t, () => Promise.reject(new TypeError("Failed to fetch")));
  await assert.rejects(request("https://example.com/"), NetworkError);
});

test("an aborted request fails with the reason", async (t) => {
  const controller = new AbortController();
  respondWith(t, () => {
    controller.abort(new Error("no longer needed"));
    return Promise.reject(new TypeError("Failed to fetch"));
  });
  await assert.rejects(request("https://example.com/", { signal: controller.signal }), { message: "no longer needed" });
});

test("only an API error has a status", () => {
  assert.equal(statusOf(new ApiError(new Response("", { status: 404 }), "")), 404);
  assert.equal(statusOf(new Error("other")), undefined);
});

test("Retry-After is a number of seconds", () => {
  assert.equal(retryAfter(new Headers({ "Retry-After": "7" })), 7);
  assert.equal(retryAfter(new Headers({ "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" })), 0);
  assert.equal(retryAfter(new Headers()), 0);
});

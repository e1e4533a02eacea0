import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection } from "../../../config/static/config/dashboard/connection.js";

/** @typedef {{ method: string, path: string, token: string | undefined }} SentRequest */

/**
 * Return a connection, and the requests that it sends. `respond` returns the responses.
 *
 * @param {import("node:test").TestContext} t
 * @param {(request: SentRequest) => Response | Promise<Response>} respond
 */
function connect(t, respond) {
  /** @type {SentRequest[]} */
  const requests = [];
  t.mock.method(globalThis, "fetch", async (/** @type {string} */ url, /** @type {any} */ options = {}) => {
    const { pathname, search } = new URL(url);
    const sent = { method: options.method ?? "GET", path: pathname + search, token: options.headers?.["X-CSRFToken"] };
    requests.push(sent);
    return respond(sent);
  });
  return { connection: new Connection("https://example.com/api"), requests };
}

/**
 * @param {unknown} body
 * @param {ResponseInit} [options]
 */
const json = (body, options) => new Response(JSON.stringify(body), options);

/** @param {string | null} username */
const session = (username, token = "token") => json({ user: username && { username }, csrf_token: token });

test("a connection is ready once a user is logged in", async (t) => {
  const { connection } = connect(t, () => session("alice"));
  await connection.check();
  assert.equal(connection.state, "ready");
  assert.equal(connection.username, "alice");
});

test("concurrent checks share one request", async (t) => {
  const { connection, requests } = connect(t, () => session("alice"));
  await Promise.all([connection.check(), connection.check()]);
  assert.equal(requests.length, 1);
});

test("the name of a user who has logged out is kept", async (t) => {
  let username = /** @type {string | null} */ ("alice");
  const { connection } = connect(t, () => session(username));
  await connection.check();
  username = null;
  await connection.check();
  assert.equal(connection.state, "logged out");
  assert.equal(connection.username, "alice");
});

test("an API whose responses can't be read doesn't allow this origin", async (t) => {
  let count = 0;
  const { connection } = connect(t, () => (count++ ? new Response() : Promise.reject(new TypeError("CORS"))));
  await connection.check();
  assert.equal(connection.state, "origin not allowed");
});

test("an API that doesn't respond is down", async (t) => {
  const { connection } = connect(t, () => Promise.reject(new TypeError("Failed to fetch")));
  await connection.check();
  assert.equal(connection.state, "unreachable");
});

test("an API whose proxy reports an error is down", async (t) => {
  const { connection } = connect(t, () => new Response("", { status: 502 }));
  await connection.check();
  assert.equal(connection.state, "unreachable");
});

test("a change with an outdated token is sent again with a new one", async (t) => {
  let token = "old";
  const { connection, requests } = connect(t, ({ method, token: sent }) => {
    if (method === "GET") return session("alice", token);
    return sent === "new" ? json({ id: 1 }) : json({ detail: "CSRF" }, { status: 403 });
  });
  await connection.check();
  token = "new";
  assert.deepEqual(await connection.send("POST", "/todos/", {}), { id: 1 });
  assert.deepEqual(
    requests.map((sent) => `${sent.method} ${sent.path} ${sent.token ?? ""}`.trim()),
    ["GET /api/session/", "POST /api/todos/ old", "GET /api/session/", "POST /api/todos/ new"],
  );
});

test("a list is read page after page", async (t) => {
  const { connection } = connect(t, ({ path }) =>
    path.endsWith("cursor=2")
      ? json([{ id: 2 }])
      : json([{ id: 1 }], { headers: { Link: '<https://example.com/api/todos/?cursor=2>; rel="next"' } }),
  );
  const ids = [];
  for await (const { id } of connection.list("/todos/")) ids.push(id);
  assert.deepEqual(ids, [1, 2]);
});

test("the order of a to-do keeps all digits of a 64-bit integer, and text that looks like one is kept", async (t) => {
  const body = String.raw`{"order": -9223372036854775807, "title": "\"order\": 5"}`;
  const { connection } = connect(t, () => new Response(body));
  const todo = await connection.get("/todos/1/");
  assert.deepEqual(todo, { order: "-9223372036854775807", title: '"order": 5' });
});

test("a response that was cut off counts as none", async (t) => {
  const { connection } = connect(t, () => new Response('{"title": "Buy'));
  const error = await connection.get("/todos/1/").catch((reason) => reason);
  assert.match(await connection.messageForFailedSave(error), /^The server didn't respond/);
});

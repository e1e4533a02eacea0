import assert from "node:assert/strict";
import { test } from "node:test";

import { CsrfToken } from "../../../progress/static/progress/csrf.js";
import { ApiError } from "../../../progress/static/progress/request.js";

/** @param {number} status */
const rejection = (status) => new ApiError(new Response("", { status }), "");

/** Return a function that gives the tokens "new 1", "new 2" and so on. */
function tokens() {
  let count = 0;
  return async () => `new ${++count}`;
}

test("a token is requested once", async () => {
  const token = new CsrfToken(tokens());
  assert.deepEqual(await Promise.all([token.get(), token.get()]), ["new 1", "new 1"]);
});

test("a token that the page has is used first", async () => {
  const token = new CsrfToken(tokens(), "known");
  assert.equal(await token.get(), "known");
});

test("a token that couldn't be requested is requested again", async () => {
  const fetchToken = tokens();
  let isDown = true;
  const token = new CsrfToken(() => (isDown ? Promise.reject(new Error("down")) : fetchToken()));
  await assert.rejects(token.get(), /down/);
  isDown = false;
  assert.equal(await token.get(), "new 1");
});

test("a rejected token is renewed, and the request sent once more", async () => {
  const token = new CsrfToken(tokens(), "known");
  /** @type {string[]} */
  const sent = [];
  const result = await token.use(async (value) => {
    sent.push(value);
    if (value === "known") throw rejection(403);
    return "done";
  });
  assert.equal(result, "done");
  assert.deepEqual(sent, ["known", "new 1"]);
  assert.equal(await token.get(), "new 1");
});

test("a request that is rejected twice fails", async () => {
  let count = 0;
  const token = new CsrfToken(tokens());
  const send = async () => {
    count++;
    throw rejection(403);
  };
  await assert.rejects(token.use(send), ApiError);
  assert.equal(count, 2);
});

test("any other error is not a reason to renew the token", async () => {
  let count = 0;
  const token = new CsrfToken(tokens());
  const send = async () => {
    count++;
    throw rejection(409);
  };
  await assert.rejects(token.use(send), ApiError);
  assert.equal(count, 1);
});

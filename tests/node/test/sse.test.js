import assert from "node:assert/strict";
import { test } from "node:test";

import { parseEvents } from "../../../progress/static/progress/sse.js";

/** @param {(string | Uint8Array<ArrayBuffer>)[]} chunks */
async function parse(...chunks) {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });
  let received = 0;
  const events = [];
  for await (const event of parseEvents(body, () => received++)) events.push(event);
  return { events, received };
}

test("an event has a name, an id and data", async () => {
  const { events } = await parse('event: job\nid: a:1\ndata: {"text": "a: b"}\n\n');
  assert.deepEqual(events, [{ event: "job", id: "a:1", data: '{"text": "a: b"}' }]);
});

test("fields that are missing are empty", async () => {
  const { events } = await parse("event: end\n\n");
  assert.deepEqual(events, [{ event: "end", id: "", data: "" }]);
});

test("comments are no events, but show that the connection works", async () => {
  const { events, received } = await parse(": waiting\n\n", ": waiting\n\n");
  assert.deepEqual(events, []);
  assert.equal(received, 2);
});

test("an event may arrive in pieces, and several in one", async () => {
  const { events } = await parse("event: jo", "b\ndata: 1\n", "\nevent: job\ndata: 2\n\nevent: job\ndata: 3\n\nevent:");
  assert.deepEqual(
    events.map(({ data }) => data),
    ["1", "2", "3"],
  );
});

test("a character may be split between two chunks", async () => {
  const bytes = new TextEncoder().encode("event: job\ndata: ü\n\n");
  const middle = bytes.indexOf(0xc3) + 1;
  const { events } = await parse(bytes.slice(0, middle), bytes.slice(middle));
  assert.equal(events[0].data, "ü");
});

/** A parser of server-sent events (text/event-stream, as the HTML standard defines it). */

/** @typedef {{ event: string, id: string, data: string }} ServerSentEvent */

/**
 * Yield the events of a response body. Blocks without an event name, like the comments that keep a connection open, are
 * left out.
 *
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @param {() => void} onData called for each chunk that is received
 * @returns {AsyncGenerator<ServerSentEvent>}
 */
export async function* parseEvents(body, onData) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onData();
    const blocks = (text + value).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = parseBlock(block);
      if (fields.event) yield fields;
    }
  }
}

/** @param {string} block */
function parseBlock(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split("\n")) {
    const [, name, value] = line.match(/^(event|id|data): (.*)/) ?? [];
    if (name) fields[name] = value;
  }
  return { event: "", id: "", data: "", ...fields };
}

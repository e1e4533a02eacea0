// Send a file with tus-js-client, as README of that client says: node send.mjs URL FILE '{"headers": {…}, …options}'
// Prints the file's URL. Ends with 1, and says why, when the client gives up.

import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { PassThrough } from "node:stream";
import { Upload } from "tus-js-client";

const [endpoint, path, text] = process.argv.slice(2);
const options = JSON.parse(text);

const file = createReadStream(path);
const source = options.uploadLengthDeferred ? file.pipe(new PassThrough()) : file; // a stream without a known size

const upload = new Upload(source, {
  endpoint,
  metadata: { filename: basename(path), filetype: "application/octet-stream" },
  retryDelays: Array(200).fill(50),
  ...options,
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(upload.url);
  },
});
upload.start();

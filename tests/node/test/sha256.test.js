import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { sha256, sha256InSlices } from "../../../uploads/static/uploads/sha256.js";

const SIZES = [0, 1, 55, 56, 63, 64, 65, 119, 120, 262143, 262144, 262145, 1000003];

/** @param {number} size */
const bytesOf = (size) => Uint8Array.from({ length: size }, (_, index) => index * 7 + (index >> 8));

test("the hash that is calculated in slices is that of OpenSSL", async () => {
  for (const size of SIZES) {
    const bytes = bytesOf(size);
    const digest = Buffer.from(await sha256InSlices(new Blob([bytes]))).toString("hex");
    assert.equal(digest, createHash("sha256").update(bytes).digest("hex"), `${size} bytes`);
  }
});

test("the hash is written in hexadecimal", async () => {
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-4, "abc"
  assert.equal(await sha256(new Blob(["abc"])), expected);
});

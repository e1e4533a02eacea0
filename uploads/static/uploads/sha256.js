/**
 * The SHA-256 of part of a file, in hexadecimal (FIPS 180-4). Browsers offer it to secure pages only; over plain HTTP
 * it is calculated here, in slices, so that the page stays responsive.
 */

const SLICE_BYTES = 256 * 1024;

/**
 * Return the hash of a blob. On a secure page the whole blob is read into memory. Throws the errors of reading it.
 *
 * @param {Blob} blob
 */
export async function sha256(blob) {
  const digest = globalThis.crypto?.subtle
    ? await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())
    : await sha256InSlices(blob);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Return the digest without the browser's own implementation. Exported for tests, which compare the two.
 *
 * @param {Blob} blob
 */
export async function sha256InSlices(blob) {
  const state = Int32Array.from(PRIMES.slice(0, 8), (prime) => fractionBits(Math.sqrt(prime)));
  const whole = blob.size - (blob.size % 64);
  for (let start = 0; start < whole; start += SLICE_BYTES) {
    const bytes = await blob.slice(start, Math.min(start + SLICE_BYTES, whole)).arrayBuffer();
    update(state, new DataView(bytes));
  }
  update(state, pad(new Uint8Array(await blob.slice(whole).arrayBuffer()), blob.size));
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setInt32(index * 4, word));
  return digest.buffer;
}

/**
 * Return the last bytes, a one bit, and the length of the message in bits, in whole blocks (§5.1.1).
 *
 * @param {Uint8Array} rest
 * @param {number} size of the message in bytes
 */
function pad(rest, size) {
  const view = new DataView(new ArrayBuffer(rest.length < 56 ? 64 : 128));
  new Uint8Array(view.buffer).set(rest);
  view.setUint8(rest.length, 0x80);
  view.setBigUint64(view.byteLength - 8, BigInt(size) * 8n);
  return view;
}

/**
 * Update the state with each block (§6.2.2). Destructuring would take twice as long.
 *
 * @param {Int32Array} state
 * @param {DataView} view
 */
function update(state, view) {
  const schedule = new Int32Array(64);
  for (let block = 0; block < view.byteLength; block += 64) {
    for (let t = 0; t < 16; t++) schedule[t] = view.getInt32(block + t * 4);
    for (let t = 16; t < 64; t++) {
      const x = schedule[t - 15];
      const y = schedule[t - 2];
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      schedule[t] = (schedule[t - 16] + small0 + schedule[t - 7] + small1) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let t = 0; t < 64; t++) {
      const large1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + large1 + ((e & f) ^ (~e & g)) + CONSTANTS[t] + schedule[t]) | 0;
      const large0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (large0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/**
 * Return the first 32 bits of the fractional part.
 *
 * @param {number} number
 */
function fractionBits(number) {
  return (number - Math.floor(number)) * 2 ** 32;
}

/** @type {number[]} */
const PRIMES = [];
for (let number = 2; PRIMES.length < 64; number++) {
  if (PRIMES.every((prime) => number % prime)) PRIMES.push(number);
}
const CONSTANTS = Int32Array.from(PRIMES, (prime) => fractionBits(Math.cbrt(prime)));

/**
 * @file A Python that has started: its memory, its files. The book brings one for a reader's first
 * page, where the network is fast enough; the browser keeps one for the next.
 *
 * It holds no reader's name: it is made by a worker that runs no cell (keep.js). It belongs to one
 * build of the book; another build's is removed.
 */

const PROBE = 1000, PATIENCE = 4000; // milliseconds: after which to judge the network; what starting anew may take
const OTHERWISE = /iP(hone|ad|od)/; // there Pyodide calls Python's functions another way, and what is kept fits only its own

/** @typedef {[name: string, bytes: Uint8Array<ArrayBuffer>]} File */

/**
 * @typedef {object} Built what the build says of itself
 * @property {string} build
 * @property {string[]} wheels
 * @property {string[]} figures those that a page asks for when it draws
 * @property {{folder: string, bytes: Record<string, number>}} [brings] a Python that has started: where, and how large
 */

/**
 * @typedef {object} Kept
 * @property {ArrayBuffer} memory as Pyodide's `makeMemorySnapshot` gives it
 * @property {File[]} files
 * @property {File[]} libraries in the order in which they were loaded
 * @property {Array<[number, string]>} handles by which Python knows the libraries
 * @property {number} table how many functions there were before the libraries'
 */

/** @param {string} base where the book's own files lie: several books may share a host */
const family = (base) => `course-nn:${new URL(base).pathname}:`;

/** A name on the shelf; a worker made of a blob has no address of its own. @param {string} name @param {string} base */
const address = (name, base) => new URL(name, base).href;

/** Put it in the place of an earlier build's. @param {string} base @param {string} build @param {Kept} kept */
export const keep = async (base, build, kept) => {
  const all = [...kept.files, ...kept.libraries];
  const { handles, table } = kept;
  const told = { handles, table, files: places(kept.files), libraries: places(kept.libraries) };
  await drop(base);
  const shelf = await caches.open(family(base) + build);
  await shelf.put(address("/files", base), new Response(new Blob(all.map(([, bytes]) => bytes))));
  await shelf.put(address("/memory", base), new Response(kept.memory));
  await shelf.put(address("/told", base), Response.json(told)); // last: where it is missing, nothing is kept
};

/** The one that this browser keeps. @param {string} base @param {string} build @returns {Promise<Kept | null>} */
export const take = async (base, build) => {
  if (!globalThis.caches || !(await caches.has(family(base) + build))) return null;
  const shelf = await caches.open(family(base) + build);
  const [told, memory, files] = await Promise.all(["/told", "/memory", "/files"].map((name) => shelf.match(address(name, base))));
  if (!told || !memory || !files) return null;
  return whole(await Promise.all([told.json(), files.arrayBuffer(), memory.arrayBuffer()]));
};

/** The one that the book brings, if it comes sooner than one that starts. @param {string} base @param {Built} built @returns {Promise<Kept | null>} */
export const brought = async (base, { brings }) => {
  if (!brings || !globalThis.DecompressionStream || OTHERWISE.test(navigator.userAgent)) return null;
  if (/** @type {any} */ (navigator).connection?.saveData) return null;
  const late = new AbortController(), { signal } = late, begun = performance.now();
  const { folder, bytes } = brings, size = Object.values(bytes).reduce((a, b) => a + b);
  let came = 0;
  /** @param {string} name */
  const asked = (name) => fetch(`${base}kept/${folder}/${name}`, { signal });
  /** Judge by what has come of all. @param {number} length */
  const more = (length) => {
    const spent = performance.now() - begun;
    came += length;
    if (spent > PROBE && spent / came > PATIENCE / size) late.abort();
  };
  /** @param {string} name */
  const part = async (name) => unpacked(await asked(`${name}.bin`), bytes[name], more);
  const timer = setTimeout(() => late.abort(), PATIENCE);
  try {
    const told = asked("told.json").then((answer) => answer.json());
    return whole(await Promise.all([told, part("files"), part("memory")]));
  } catch (error) {
    if (signal.aborted) return null;
    late.abort(); // one is torn: the others are of no use
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

/** What was packed, once all of it has come. @param {Response} answer @param {number} size @param {(length: number) => void} more */
const unpacked = async ({ body, url }, size, more) => {
  const parts = [], reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (body).getReader();
  for (let came = 0; came < size;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${url} is torn`);
    parts.push(value);
    came += value.length;
    more(value.length);
  }
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
};

/** Put together what lies apart. @param {[any, ArrayBuffer, ArrayBuffer]} parts @returns {Kept} */
const whole = ([{ handles, table, ...named }, bytes, memory]) => {
  let at = 0;
  /** @param {[string, number]} place @returns {File} */
  const cut = ([name, size]) => [name, new Uint8Array(bytes, (at += size) - size, size)];
  return { handles, table, files: named.files.map(cut), libraries: named.libraries.map(cut), memory };
};

/** Forget what any build has kept. @param {string} base */
export const drop = async (base) => {
  const names = (await caches.keys()).filter((name) => name.startsWith(family(base)));
  await Promise.all(names.map((name) => caches.delete(name)));
};

/** @param {File[]} files @returns {Array<[string, number]>} */
const places = (files) => files.map(([name, bytes]) => [name, bytes.length]);

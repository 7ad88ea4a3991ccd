/**
 * @file A Python that has started, kept in this browser for the next page: its memory, its files.
 *
 * It holds no reader's name: it is made by a worker that runs no cell (keep.js). It belongs to one
 * build of the book; another build's is removed.
 */

/** @typedef {[name: string, bytes: Uint8Array<ArrayBuffer>]} File */

/**
 * @typedef {object} Kept
 * @property {ArrayBuffer} memory as Pyodide's `makeMemorySnapshot` gives it
 * @property {File[]} files
 * @property {File[]} libraries in the order in which they were loaded
 * @property {Array<[number, string]>} handles by which Python knows the libraries
 */

/** @param {string} base where the book's own files lie: several books may share a host */
const family = (base) => `course-nn:${new URL(base).pathname}:`;

/** A name on the shelf; a worker made of a blob has no address of its own. @param {string} name @param {string} base */
const address = (name, base) => new URL(name, base).href;

/** Put it in the place of an earlier build's. @param {string} base @param {string} build @param {Kept} kept */
export const keep = async (base, build, kept) => {
  const all = [...kept.files, ...kept.libraries];
  const told = { handles: kept.handles, files: places(kept.files), libraries: places(kept.libraries) };
  await drop(base);
  const shelf = await caches.open(family(base) + build);
  await shelf.put(address("/files", base), new Response(new Blob(all.map(([, bytes]) => bytes))));
  await shelf.put(address("/memory", base), new Response(kept.memory));
  await shelf.put(address("/told", base), Response.json(told)); // last: where it is missing, nothing is kept
};

/** @param {string} base @param {string} build @returns {Promise<Kept | null>} */
export const take = async (base, build) => {
  if (!globalThis.caches || !(await caches.has(family(base) + build))) return null;
  const shelf = await caches.open(family(base) + build);
  const [told, memory, files] = await Promise.all(["/told", "/memory", "/files"].map((name) => shelf.match(address(name, base))));
  if (!told || !memory || !files) return null;
  const [{ handles, ...named }, bytes, image] = await Promise.all(
    [told.json(), files.arrayBuffer(), memory.arrayBuffer()]);
  let at = 0;
  /** @param {[string, number]} place @returns {File} */
  const cut = ([name, size]) => [name, new Uint8Array(bytes, (at += size) - size, size)];
  return { handles, files: named.files.map(cut), libraries: named.libraries.map(cut), memory: image };
};

/** Forget what any build has kept. @param {string} base */
export const drop = async (base) => {
  const names = (await caches.keys()).filter((name) => name.startsWith(family(base)));
  await Promise.all(names.map((name) => caches.delete(name)));
};

/** @param {File[]} files @returns {Array<[string, number]>} */
const places = (files) => files.map(([name, bytes]) => [name, bytes.length]);

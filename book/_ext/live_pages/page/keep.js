/** @file A worker that keeps a Python for the next page: the book's, or one of its own that runs no cell. */

import { brought, keep, take } from "./kept.js";
import { COURSE, built, pyodideWith } from "./python.js";
import { unzip } from "./unzip.js";

const IDLE = /\.(pyi|afm|h|a|lib|pc|typed)$|\/tests?\/|sample_data\/|\/pdfcorefonts\//; // nothing of it is read
const CONSTRUCTORS = "__wasm_call_ctors", RENAMED = "course_call_ctors"; // of one length
const SIZE = 48 * 2 ** 20; // bytes, from which its memory grows

/** @typedef {import("./kept.js").File} File */

/** The packages, as files. @param {string} base @param {string[]} wheels @returns {Promise<File[]>} */
const packages = async (base, wheels) => {
  const zips = [...wheels.map((name) => `pyodide/${name}`), "course_nn.zip"];
  /** @param {string} name */
  const one = async (name) => unzip(await (await fetch(base + name)).arrayBuffer(), (file) => !IDLE.test(file));
  const files = (await Promise.all(zips.map(one))).flat();
  return files.map(([name, bytes]) => /** @type {File} */ ([COURSE + name, bytes]));
};

/**
 * A library that does not run its constructors as it is loaded: they ask for a Python that stands.
 * They run here, once; memory keeps what they did.
 * @param {File} library @returns {File}
 */
const later = ([name, bytes]) => {
  const text = new TextDecoder("latin1").decode(bytes), at = text.lastIndexOf(CONSTRUCTORS);
  if (at >= 0) bytes.set(new TextEncoder().encode(RENAMED), at);
  return [name, bytes];
};

/** Make it. @param {string} base @param {string[]} wheels @returns {Promise<import("./kept.js").Kept>} */
const made = async (base, wheels) => {
  const all = await packages(base, wheels), compiled = /** @param {File} file */ ([name]) => name.endsWith(".so");
  const libraries = all.filter(compiled).map(later), files = all.filter((file) => !compiled(file));
  const python = await pyodideWith(base, files, libraries, { size: SIZE, _makeSnapshot: true });
  const { FS, LDSO } = python._module;
  libraries.forEach(([name]) => LDSO.loadedLibsByName[name].exports[RENAMED]?.());
  python.runPython(`import sys; sys.path.insert(0, "${COURSE}"); import live_warm; live_warm.warm()`);
  const open = FS.streams.filter(/** @param {any} stream */ (stream) => stream && stream.fd > 2);
  if (open.length) throw new Error("it holds files open");
  /** @type {Array<[number, string]>} */
  const handles = Object.entries(LDSO.loadedLibsByHandle).map(([handle, { name }]) => [Number(handle), name]);
  const memory = python.makeMemorySnapshot().buffer;
  const table = python._module.courseTable;
  return { memory, files, libraries, table, handles: handles.filter(([handle]) => handle) };
};

onmessage = async ({ data: { base, book } }) => {
  try {
    const told = await built(base), { build } = told;
    if (!(await take(base, build))) {
      const kept = book ? await brought(base, told).catch(() => null) : null;
      await keep(base, build, kept ?? await made(base, told.wheels));
    }
    postMessage({ kept: true });
  } catch (error) {
    postMessage({ kept: false, why: error instanceof Error ? error.message : String(error) });
  }
};

/**
 * @file Starts Python in a worker: from one that had started (kept.js), or anew.
 *
 * What is kept is the memory alone. The compiled libraries of NumPy stand beside it, and memory
 * points into them: so they are loaded before Python starts, in one order, where it is kept as where
 * it is taken up again, and come to lie at the same places.
 */

import { brought, drop, take } from "./kept.js";

/** @typedef {import("./kept.js").File} File */
/** @typedef {any} Python Pyodide's own module, or what it makes of it */

export const COURSE = "/lib/course/"; // where the packages lie for a Python that is kept

const EMPTY = new Uint8Array(0);

/** What the build says of itself. @param {string} base @returns {Promise<import("./kept.js").Built>} */
export const built = async (base) => {
  const answer = await fetch(`${base}pyodide/build.json`, { cache: "no-cache" });
  if (!answer.ok) throw new Error("this copy of the book was built without it; `make live`, then `make book`, adds it.");
  return answer.json();
};

/**
 * Pyodide, with files and libraries laid in before Python starts.
 * @param {string} base @param {File[]} files @param {File[]} libraries
 * @param {{size: number, table?: number} & Record<string, any>} options `size` of its memory, in bytes;
 *   `table`, if it must have so many functions before the libraries'
 */
export const pyodideWith = async (base, files, libraries, { size, table, ...options }) => {
  const index = `${base}pyodide/`;
  const modules = Promise.all(libraries.map(([, bytes]) => WebAssembly.compile(bytes)));
  const [{ loadPyodide }, { default: create }] = await Promise.all(
    [import(`${index}pyodide.mjs`), import(`${index}pyodide.asm.mjs`)]);
  /** @type {(error: unknown) => void} */
  let fail;
  const failed = new Promise((_, no) => { fail = no; });
  /** Nobody hears what goes wrong in it: it says so itself. @param {Python} python */
  const before = (python) => layIn(python).catch(fail);
  /** @param {Python} python */
  const layIn = async (python) => {
    python.addRunDependency("course");
    python.courseTable = python.wasmTable.length;
    if (table !== undefined && table !== python.courseTable) throw new Error("its functions lie elsewhere here");
    lay(python.FS, files);
    lay(python.FS, libraries.map(([name]) => [name, EMPTY])); // Python looks whether they are there
    python.growMemory(size); // before there is a malloc: libraries are laid behind the program
    const compiled = await modules;
    libraries.forEach(([name], k) => load(python, name, compiled[k]));
    python.removeRunDependency("course");
  };
  /** @param {Python} settings */
  const createPyodideModule = async (settings) => {
    settings.preRun.push(before);
    return create(settings);
  };
  return Promise.race([loadPyodide({ indexURL: index, createPyodideModule, ...options }), failed]);
};

/** Write files, whose bytes Python may have. @param {Python} FS @param {File[]} files */
const lay = (FS, files) => {
  const made = new Set();
  for (const [name, bytes] of files) {
    const folder = name.slice(0, name.lastIndexOf("/"));
    if (!made.has(folder)) FS.mkdirTree(folder);
    made.add(folder);
    FS.writeFile(name, bytes, { canOwn: true });
  }
};

/** Load a library, so that Python finds it loaded. @param {Python} python @param {string} name @param {WebAssembly.Module} module */
const load = (python, name, module) => {
  const library = python.newDSO(name, undefined, "loading");
  library.global = false;
  library.exports = python.loadWebAssemblyModule(module, { nodelete: true }, name, {});
};

/** Python as it was kept. @param {string} base @param {import("./kept.js").Kept} kept */
const restored = async (base, kept) => {
  const options = { size: kept.memory.byteLength, table: kept.table, _loadSnapshot: kept.memory };
  const python = await pyodideWith(base, kept.files, kept.libraries, options);
  const { loadedLibsByHandle, loadedLibsByName } = python._module.LDSO;
  for (const [handle, name] of kept.handles) loadedLibsByHandle[handle] = loadedLibsByName[name];
  python.runPython("import live_warm; live_warm.wake()");
  return python;
};

/** Python from its beginning. @param {string} base */
const anew = async (base) => {
  const index = `${base}pyodide/`;
  const { loadPyodide } = await import(`${index}pyodide.mjs`);
  const zip = fetch(`${base}course_nn.zip`).then((answer) => answer.arrayBuffer());
  const python = await loadPyodide({ indexURL: index, packages: ["numpy", "threadpoolctl"] });
  python.unpackArchive(await zip, "zip", { extractDir: COURSE });
  python.runPython(`import sys; sys.path.insert(0, "${COURSE}")`);
  return python;
};

/** Start it; `from` says from what. @param {string} base @param {import("./kept.js").Built} built */
export const begin = async (base, built) => {
  const sources = { browser: () => take(base, built.build), book: () => brought(base, built) };
  for (const [from, source] of Object.entries(sources)) {
    try {
      const kept = await source();
      if (kept) return { python: await restored(base, kept), from };
    } catch (error) {
      console.warn(`What the ${from} keeps of Python cannot be used.`, error);
      if (from === "browser") await drop(base).catch(() => {});
    }
  }
  return { python: await anew(base), from: "nothing" };
};

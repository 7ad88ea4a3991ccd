/** @file Python in the background of a page: Pyodide, NumPy and course_nn, and one cell after another. */

/** @typedef {{kind: "start", base: string} | {kind: "run", id: number, code: string, name: string}} Order */

let python = null;
let kernel = null;
let current = 0;

/** Tell the page. @param {object} what */
const say = (what) => postMessage(what);

/** Load everything that is not needed to read the page. @param {string} base */
const start = async (base) => {
  const index = `${base}pyodide/`;
  const there = await fetch(`${index}pyodide-lock.json`, { method: "HEAD" });
  if (!there.ok) throw new Error("this copy of the book was built without it; `make live`, then `make book`, adds it.");
  const { loadPyodide } = await import(`${index}pyodide.mjs`);
  const zip = fetch(`${base}course_nn.zip`).then((answer) => answer.arrayBuffer());
  python = await loadPyodide({ indexURL: index, packages: ["numpy", "threadpoolctl", "matplotlib"] });
  python.unpackArchive(await zip, "zip", { extractDir: "/lib/course" });
  python.globals.set("emit", (kind, text) => say({ kind: "output", id: current, form: kind, text }));
  kernel = python.runPython(`
import sys
sys.path.insert(0, "/lib/course")
import live_kernel
live_kernel.Kernel(emit)
`);
};

/** Run a cell. @param {number} id @param {string} code @param {string} name */
const run = async (id, code, name) => {
  current = id;
  say({ kind: "running", id });
  say({ kind: "done", id, well: await kernel.run(code, name) });
};

/** Orders wait for each other. */
let turn = Promise.resolve();
onmessage = ({ data }) => {
  turn = turn.then(async () => {
    try {
      if (data.kind === "start") {
        await start(data.base);
        say({ kind: "ready" });
      } else await run(data.id, data.code, data.name);
    } catch (error) {
      say({ kind: "failed", id: data.id ?? 0, why: String(error?.message ?? error) });
    }
  });
};

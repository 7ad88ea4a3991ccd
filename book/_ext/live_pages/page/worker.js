/** @file Python in the background of a page: Pyodide, NumPy and course_nn, and one cell after another. */

/** @typedef {{kind: "start", base: string} | {kind: "run", id: number, code: string, name: string}} Order */

import { drop } from "./kept.js";
import { begin, built } from "./python.js";

/** @type {any} */
let python = null;
/** @type {any} */
let kernel = null;
let home = "";
let current = 0;

/** Tell the page. @param {object} what */
const say = (what) => postMessage(what);

/** Load everything that is not needed to read the page; from what Python began. @param {string} base */
const start = async (base) => {
  home = base;
  const told = await built(base);
  const begun = await begin(base, told);
  python = begun.python;
  python._api.on_fatal = died;
  /** @param {string} form @param {string} text */
  const emit = (form, text) => say({ kind: "output", id: current, form, text });
  python.globals.set("emit", emit);
  python.globals.set("figures", () => told.figures.forEach((name) => install(`${base}pyodide/${name}`)));
  kernel = python.runPython("import live_kernel; live_kernel.Kernel(emit, figures)");
  return begun.from;
};

/** Fetch and unpack a package while Python waits for it. @param {string} address */
const install = (address) => {
  const asked = new XMLHttpRequest();
  asked.open("GET", address, false);
  asked.responseType = "arraybuffer";
  asked.send();
  if (asked.status !== 200) throw new Error(`${address} could not be fetched (${asked.status})`);
  python.unpackArchive(asked.response, "wheel");
};

/** Run a cell. @param {number} id @param {string} code @param {string} name */
const run = async (id, code, name) => {
  current = id;
  say({ kind: "running", id });
  say({ kind: "done", id, well: await kernel.run(code, name) });
};

/** Python has ended: nothing that waits for it would ever hear of it. Not from this one that was kept again. */
const died = async () => {
  await drop(home).catch(() => {});
  say({ kind: "died" });
};

/** What ended Python comes to nobody, where memory is so broken that Pyodide's own report fails. @param {any} error */
const fatal = (error) => error?.pyodide_fatal_error || error?.name === "ExitStatus" || error instanceof WebAssembly.RuntimeError;
addEventListener("unhandledrejection", (event) => {
  if (!fatal(event.reason)) return;
  event.preventDefault(); // it is told of
  died();
});

/** Orders wait for each other. */
let turn = Promise.resolve();
onmessage = ({ data }) => {
  turn = turn.then(async () => {
    try {
      if (data.kind === "start") {
        say({ kind: "ready", from: await start(data.base) });
      } else await run(data.id, data.code, data.name);
    } catch (error) {
      if (data.kind === "run") await died();
      else say({ kind: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  });
};

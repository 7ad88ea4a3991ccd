/** @file The page's end of Python: starts it, hands it cells in order, ends it at once. */

/**
 * @typedef {object} Job
 * @property {string} code
 * @property {string} name of the cell, for what is raised
 * @property {(form: string, text: string) => void} output
 * @property {() => void} begun
 */

const DIED = "Python ended: what this cell did may have used up its memory, or ended it.";
const IDLE = 1000; // milliseconds without a cell to run

/**
 * A worker that the page's policy binds: one from a file would bring its own, which a plain server sends none of.
 * @param {string} address
 */
const bound = (address) => {
  const program = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(program), { type: "module" });
};

/** One Python, started when it is first asked. */
export class Session {
  /** @param {string} base where the runtime lies @param {(state: string, why?: string) => void} tell */
  constructor(base, tell) {
    this.base = base;
    this.tell = tell;
    this.count = 0;
    /** @type {Map<number, {job: Job, settle: (well: boolean) => void}>} */
    this.waiting = new Map();
    /** @type {Worker | null} */
    this.worker = null;
    this.ready = false; // whether it has started
    /** @type {Worker | null} what keeps a Python for the next page */
    this.keeper = null;
  }

  /** Run a cell after those before it; whether it came to its end. @param {Job} job */
  run(job) {
    const id = ++this.count;
    return new Promise((settle) => {
      this.waiting.set(id, { job, settle });
      this.#started().postMessage({ kind: "run", id, code: job.code, name: job.name });
    });
  }

  /** End Python, whatever it does: all its names are gone. */
  stop() {
    this.worker?.terminate();
    this.worker = null;
    this.ready = false;
    this.#settle();
    this.tell("stopped");
  }

  /** Python has ended by itself: the cell that ran says so. */
  #died() {
    const [running] = this.waiting.values();
    running?.job.output("error", DIED);
    this.stop();
  }

  #started() {
    if (this.worker) return this.worker;
    this.tell("starting");
    const worker = bound(`${this.base}worker.js`);
    worker.onmessage = ({ data }) => { if (worker === this.worker) this.#heard(data); };
    worker.onerror = (event) => {
      if (worker !== this.worker) return;
      if (this.ready) this.#died();
      else this.#failed(event.message || "its program could not be loaded");
    };
    this.worker = worker;
    worker.postMessage({ kind: "start", base: this.base });
    return worker;
  }

  /** @param {any} data */
  #heard(data) {
    const entry = this.waiting.get(data.id);
    if (data.kind === "ready") this.#ready(data.from);
    else if (data.kind === "failed") this.#failed(data.why);
    else if (data.kind === "died") this.#died();
    else if (data.kind === "running") entry?.job.begun();
    else if (data.kind === "output") entry?.job.output(data.form, data.text);
    else if (entry) {
      this.waiting.delete(data.id);
      entry.settle(data.well);
    }
  }

  /** @param {string} from where Python had been kept */
  #ready(from) {
    this.ready = true;
    this.tell("ready");
    if (from !== "browser") this.#keepLater(from === "book");
  }

  /** Keep a Python for the next page, once in each browser, as soon as this one has nothing to do: the book's, if it works here. @param {boolean} book */
  #keepLater(book) {
    if (this.keeper || !globalThis.caches || /** @type {any} */ (navigator).connection?.saveData) return;
    setTimeout(() => {
      if (this.waiting.size) return this.#keepLater(book);
      const keeper = bound(`${this.base}keep.js`);
      keeper.onmessage = () => keeper.terminate(); // kept or not: the next page starts
      keeper.postMessage({ base: this.base, book });
      this.keeper = keeper;
    }, IDLE);
  }

  /** @param {string} why */
  #failed(why) {
    this.worker?.terminate();
    this.worker = null;
    this.#settle();
    this.tell("failed", why);
  }

  #settle() {
    for (const { settle } of this.waiting.values()) settle(false);
    this.waiting.clear();
  }
}

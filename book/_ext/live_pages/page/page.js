/** @file Makes the cells of a page run in the reader's browser. Python is loaded when they ask for it. */

import { Cell, button } from "./cell.js";
import { Session } from "./session.js";
import { Edits } from "./store.js";

const base = new URL("./", import.meta.url).href;
/** @type {HTMLElement[]} */
const boxes = [...document.querySelectorAll(".bd-article .cell")].filter(
  /** @returns {box is HTMLElement} */ (box) => box.querySelector(".cell_input pre") !== null,
);

/** @type {Record<string, string>} */
const SAYS = {
  starting: "Python is starting …",
  ready: "Python is ready.",
  stopped: "Stopped. All names are gone; a cell that you run next runs those above it first.",
  failed: "Python does not start here: ",
};

const FORGET = "Forget my changes";

/** Why nothing can run here, or nothing. */
const closed = () =>
  location.protocol === "file:"
    ? "Cells run where the book comes from a web server: `python -m http.server -d _build/html` is one."
    : typeof Worker === "undefined" || typeof WebAssembly === "undefined"
      ? "This browser cannot run Python: it lacks workers or WebAssembly."
      : "";

/** Where the page says how it stands, to all readers. */
const statusLine = () => {
  const line = document.createElement("span");
  line.setAttribute("role", "status");
  line.className = "nn-live-says";
  return line;
};

/** One page: its bar, its cells and their Python. */
export class Page {
  constructor() {
    this.start = button("nn-live-all", "▶ Run this page", () => this.all());
    this.stop = button("nn-live-stop", "■ Stop", () => this.session.stop());
    this.forget = button("nn-live-forget", FORGET, ({ detail }) => { if (detail < 2) this.#forget(); });
    this.says = statusLine();
    this.working = 0;
    this.runs = "";
    /** @type {string[] | null} the texts that were just forgotten */
    this.lost = null;
    const now = document.createElement("div"); // it comes to where the reader is while they wait
    now.className = "nn-live-now";
    now.append(this.stop, this.says);
    this.bar = document.createElement("div");
    this.bar.className = "nn-live-page";
    this.bar.append(this.start, now, this.forget);
    this.stop.hidden = this.forget.hidden = true;
    document.querySelector(".bd-article h1")?.after(this.bar);
    this.edits = new Edits(location.pathname, (problem) => { this.says.textContent = problem; });
    this.session = new Session(base, (state, why = "") => this.tell(state, why));
    this.cells = boxes.map((box, k) => new Cell(box, k + 1, this));
    this.edits.elsewhere(() => this.cells.forEach((cell) => cell.follow()));
    this.changed();
  }

  /** The editor, loaded for the first cell that is edited. */
  editor() {
    return import(`${base}editor.js`);
  }

  /** Something has begun, or has ended. @param {1 | -1} step */
  works(step) {
    this.working += step;
    this.bar.classList.toggle("nn-live-busy", this.working > 0);
    if (!this.working && this.says.textContent === this.runs) this.says.textContent = SAYS.ready;
  }

  /** @param {Cell} cell */
  begins(cell) {
    this.says.textContent = this.runs = `Cell ${cell.number} is running …`;
  }

  /** Whether there is something to forget. */
  changed() {
    this.lost = null;
    this.forget.textContent = FORGET;
    this.forget.hidden = this.cells.every((cell) => cell.text === cell.printed);
  }

  /** Say how Python stands. @param {string} state @param {string} why */
  tell(state, why) {
    this.says.textContent = SAYS[state] + why;
    const ended = state === "stopped" || state === "failed";
    if (ended) {
      if (document.activeElement === this.stop) { // which is about to go
        this.start.focus({ preventScroll: true });
        this.cells.filter((cell) => cell.going).pop()?.leave();
      }
      this.cells.forEach((cell) => cell.forgotten());
    }
    this.stop.hidden = ended;
  }

  /** Whether cells can run here; if not, it says why. */
  open() {
    const why = closed();
    if (why) this.says.textContent = why;
    return !why;
  }

  /** Run a cell, and first those above it that have not run as they stand. @param {Cell} cell @returns {Promise<boolean>} */
  async run(cell) {
    return this.open() && cell.run(this.session, () => this.prepare(cell));
  }

  /** Run what a cell needs; which of that failed. @param {Cell} cell @returns {Promise<Cell | null>} */
  async prepare(cell) {
    for (const above of cell.needs(this.cells.slice(0, this.cells.indexOf(cell)))) {
      if (!above.fresh && !(await above.run(this.session))) return above;
    }
    return null;
  }

  /** Run every cell, until one fails. */
  async all() {
    if (!this.open()) return;
    for (const cell of this.cells) if (!cell.left && !(await cell.run(this.session))) return;
    const left = this.cells.filter((cell) => cell.left).length;
    this.says.textContent = left
      ? `The page has run; left out, for the reason that stands there: ${left === 1 ? "one cell" : `${left} cells`}.`
      : "Every cell of this page has run.";
  }

  /** Put every cell back as it was printed. */
  put() {
    const lost = this.cells.map((cell) => cell.text);
    this.#tellAll("nn-forgotten"); // while what will be lost is there
    this.cells.forEach((cell) => cell.reset());
    this.edits.forget();
    this.start.focus(); // the button that was pressed is for something else now
    this.lost = lost;
    this.forget.textContent = "Bring them back";
    this.forget.hidden = false;
    this.says.textContent = "Your changes are forgotten.";
  }

  /** Forget what was changed, or, pressed again before anything else is, bring it back. */
  async #forget() {
    const { lost } = this;
    if (!lost) return this.put();
    for (const [k, text] of lost.entries()) await this.cells[k].put(text);
    this.says.textContent = "Your changes are back.";
    this.#tellAll("nn-remembered");
  }

  /** @param {string} what */
  #tellAll(what) {
    document.dispatchEvent(new CustomEvent(what));
  }
}

if (boxes.length) {
  const page = new Page();
  if (document.getElementById("nn-exercise"))
    import(`${base}exercise.js`).then(({ Exercise }) => new Exercise(page));
}

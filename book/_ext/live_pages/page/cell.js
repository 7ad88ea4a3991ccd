/** @file One code cell of a page: it can be edited, run and put back. */

import { notesOf } from "./notes.js";
import { show } from "./outputs.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./editor.js").Editor} Editor */

/**
 * What a cell asks of its page.
 * @typedef {object} Host
 * @property {(cell: Cell) => unknown} run
 * @property {() => void} changed
 * @property {(step: 1 | -1) => void} works something has begun that a reader waits for, or has ended
 * @property {(cell: Cell) => void} begins
 * @property {() => Promise<typeof import("./editor.js")>} editor
 * @property {import("./store.js").Edits} edits
 */

/** The part of a box that a built page always has. @param {Element} box @param {string} selector */
const part = (box, selector) => /** @type {HTMLElement} */ (box.querySelector(selector));

/** A button; `label` is for those who do not see where it stands. @param {string} name @param {string} words @param {(event: MouseEvent) => unknown} act @param {string} label */
export const button = (name, words, act, label = "") => {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = words;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
};

/** A button that is a sign, with its meaning in words. @param {string} mark @param {string} words @param {() => unknown} act */
const sign = (mark, words, act) => {
  const made = button("nn-live-button", mark, act, words);
  made.title = words;
  return made;
};

export class Cell {
  /** @param {HTMLElement} box the cell of the built page @param {number} number counted from 1 @param {Host} page */
  constructor(box, number, page) {
    this.box = box;
    this.number = number;
    this.page = page;
    this.block = part(box, ".cell_input .highlight");
    this.printed = (part(this.block, "pre").textContent ?? "").replace(/\n$/, "");
    this.text = page.edits.of(this.printed) ?? this.printed;
    /** @type {string | null} */
    this.ran = null;
    /** @type {{text: string, end: Promise<boolean>} | null} what it was asked to run, and has not run yet */
    this.going = null;
    this.begun = false;
    this.turn = 0; // of its runs: what an earlier one still tells is not shown
    /** @type {HTMLElement | null} */
    this.stored = box.querySelector(":scope > .cell_output");
    /** @type {Editor | null} */
    this.editor = null;
    this.notes = notesOf(box);
    this.runs = sign("▶", `Run cell ${number}`, () => page.run(this));
    this.edits = sign("✎", `Edit cell ${number}`, () => this.edit(true));
    this.resets = sign("↺", `Put cell ${number} back as printed`, () => { this.reset(); this.runs.focus(); });
    this.#bar();
    if (this.text !== this.printed) this.edit(false);
  }

  #bar() {
    const bar = document.createElement("div");
    bar.className = "nn-live-bar";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", `Cell ${this.number}`);
    this.resets.hidden = this.text === this.printed;
    bar.append(this.runs, this.edits, this.resets);
    part(this.box, ".cell_input").prepend(bar);
    this.box.prepend(...this.notes.map(({ says }) => {
      const note = document.createElement("p");
      note.className = "nn-live-note";
      note.textContent = says;
      return note;
    }));
  }

  /** Whether the page runs without it, unless the reader has changed it. */
  get left() {
    return this.text === this.printed && this.notes.some(({ left }) => left);
  }

  /** Those that must have run before it. @param {Cell[]} above @returns {Cell[]} */
  needs(above) {
    return this.notes.some(({ soon }) => soon) ? above.slice(0, 1) : above.filter((cell) => !cell.left);
  }

  /** Whether it must run again before a cell below it does. */
  get fresh() {
    return this.ran === this.text;
  }

  /** Turn the printed text into an editor. @param {boolean} focus */
  async edit(focus) {
    if (!this.editor) {
      const { editorIn } = await this.page.editor();
      this.editor ??= editorIn(this.block, this.text, {
        changed: (text) => this.#changed(text),
        run: () => this.page.run(this),
        entered: () => { this.edits.hidden = true; },
        leave: () => { this.edits.hidden = false; this.leave(); },
        label: `Code of cell ${this.number}`,
      });
      part(this.block, "pre").hidden = true;
      this.edits.hidden = true;
    }
    if (focus) this.editor.focus();
  }

  /** Where Escape leads from the editor. */
  leave() {
    this.runs.focus();
  }

  /** @param {string} text */
  #changed(text) {
    this.text = text;
    this.resets.hidden = text === this.printed;
    this.page.edits.keep(this.printed, text);
    this.page.changed();
    this.box.dispatchEvent(new CustomEvent("nn-changed", { bubbles: true, detail: this }));
  }

  /** Put another text in its place, as if it had been typed. @param {string} text */
  async put(text) {
    if (text === this.text) return;
    await this.edit(false);
    this.editor?.set(text);
  }

  /** Take up what another tab has made of it. */
  async follow() {
    const kept = () => this.page.edits.of(this.printed) ?? this.printed;
    if (kept() === this.text) return;
    await this.edit(false);
    this.editor?.set(kept()); // as it is now: an older text would be kept in the newer one's place
  }

  /** As it was printed, with the output of the book. */
  reset() {
    this.editor?.set(this.printed);
    this.#changed(this.printed);
    this.clear();
  }

  /** As if it had not run. */
  clear() {
    this.turn++;
    this.ran = this.going = null;
    this.state("");
    this.box.querySelector(":scope > .nn-live-output")?.remove();
    this.#replaced(false);
  }

  /** Python has ended, and with it all that this cell did. */
  forgotten() {
    this.turn++;
    this.ran = null;
    if (this.box.dataset.live === "waiting" || this.box.dataset.live === "running") this.state("failed");
  }

  /**
   * Run it in a session, once however often it is asked; whether it came to its end.
   * @param {Session} session @param {() => Promise<Cell | null>} [before] runs what it needs; which of that failed
   * @returns {Promise<boolean>}
   */
  run(session, before) {
    if (this.going?.text === this.text) return this.going.end;
    this.page.works(1);
    const going = { text: this.text, end: this.#run(session, before) };
    this.going = going;
    going.end.finally(() => {
      this.page.works(-1);
      if (this.going === going) this.going = null;
    });
    return going.end;
  }

  /** @param {Session} session @param {() => Promise<Cell | null>} [before] */
  async #run(session, before) {
    const { text } = this, turn = ++this.turn, was = this.going ? "" : this.box.dataset.live;
    /** @param {() => void} tell */
    const mine = (tell) => { if (turn === this.turn) tell(); };
    this.state("waiting");
    const failed = before && await before();
    if (turn !== this.turn) return false; // put back, asked for anew, or Python has ended
    if (failed) {
      show(this.#begin(), "note", `Cell ${failed.number}, above, failed: this one has not run.`);
      this.state(was);
      return false;
    }
    const well = await session.run({
      code: text,
      name: `<cell ${this.number}>`,
      begun: () => mine(() => this.#begin()),
      output: (form, piece) => mine(() => show(this.#begin(), form, piece)),
    });
    mine(() => {
      this.state(well ? "done" : "failed");
      this.ran = well ? text : null;
    });
    return well;
  }

  /** @param {string} [state] "waiting", "running", "done", "failed", or nothing */
  state(state) {
    const busy = state === "waiting" || state === "running";
    if (state) this.box.dataset.live = state;
    else delete this.box.dataset.live;
    this.box.setAttribute("aria-busy", String(busy));
    this.runs.textContent = busy ? "…" : "▶";
    this.runs.title = busy ? `Cell ${this.number} is ${state}` : `Run cell ${this.number}`;
    if (state === "waiting") this.begun = false;
  }

  /** Hide the book's output or show it again; a figure's caption stays. @param {boolean} yes */
  #replaced(yes) {
    if (!this.stored) return;
    if (this.stored.querySelector("figcaption")) this.stored.classList.toggle("nn-live-replaced", yes);
    else this.stored.hidden = yes;
  }

  /** The empty box of a new output, in place of what was there. */
  #begin() {
    let output = /** @type {HTMLElement | null} */ (this.box.querySelector(":scope > .nn-live-output"));
    if (this.begun && output) return output;
    this.begun = true;
    this.state("running");
    this.page.begins(this);
    output?.remove();
    output = document.createElement("div");
    output.className = "cell_output docutils container nn-live-output";
    output.setAttribute("role", "status");
    output.setAttribute("aria-label", `Output of cell ${this.number}`);
    this.#replaced(true);
    this.box.insertBefore(output, this.stored);
    return output;
  }
}

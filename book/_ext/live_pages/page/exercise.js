/** @file An exercise's page: its tasks are checked, counted, handed out as a notebook and read back. */

import { Task, button, made } from "./exercise_task.js";
import { Progress } from "./progress_store.js";

/** @typedef {import("./cell.js").Cell} Cell */

/**
 * @typedef {object} Told what the page says of its exercise
 * @property {string} name
 * @property {string} title
 * @property {string} notebook the address of the released one
 * @property {string} [overview] the address of the page of all exercises
 * @property {import("./exercise_task.js").TaskTold[]} tasks
 */

const READING = 200; // milliseconds from a verdict on that Python does something else

/** Loaded when it is asked for. */
const notebooks = () => import("./notebook.js");

/** @param {unknown} error */
const said = (error) => (error instanceof Error ? error.message : String(error));

export class Exercise {
  /** @param {import("./page.js").Page} page */
  constructor(page) {
    /** @type {Told} */
    this.told = JSON.parse(document.getElementById("nn-exercise")?.textContent ?? "");
    this.page = page;
    this.begun = false; // whether Python has run anything
    /** @type {Worker | null} the Python that has drawn before */
    this.warmed = null;
    /** @type {import("./progress_store.js").Progress["tasks"]} how the tasks stood that were just forgotten */
    this.lost = {};
    this.progress = new Progress(this.told.name, (problem) => { page.says.textContent = problem; });
    this.tasks = this.told.tasks.map((told) => new Task(told, this));
    this.points = made("span", "nn-exercise-points");
    this.says = made("span", "nn-live-says");
    this.#bar();
    this.#listen();
    page.run = (cell) => this.run(cell);
    page.all = () => this.all();
    page.start.textContent = "▶ Check every task";
    this.show();
  }

  #bar() {
    const bar = made("div", "nn-live-page nn-exercise");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "This exercise");
    const file = document.createElement("input");
    Object.assign(file, { type: "file", hidden: true }); // any file: a phone may not know what an .ipynb is
    file.setAttribute("aria-label", "A notebook of this exercise");
    file.addEventListener("change", () => this.#chosen(file));
    this.says.setAttribute("role", "status");
    const save = button("Download notebook", () => this.save());
    bar.append(save, button("Open notebook …", () => file.click()), file, this.points);
    if (this.told.overview) bar.append(Object.assign(made("a", "", "All exercises"), { href: this.told.overview }));
    bar.append(this.says);
    this.page.bar.after(bar);
  }

  #listen() {
    document.addEventListener("nn-changed", (event) => {
      if (event instanceof CustomEvent) this.changed(event.detail);
    });
    document.addEventListener("nn-forgotten", () => {
      this.lost = this.progress.tasks;
      this.progress.put({});
      for (const task of this.tasks) task.clear();
      this.show();
    });
    document.addEventListener("nn-remembered", () => { this.progress.put(this.lost); this.show(); });
    addEventListener("storage", () => { this.progress.read(); this.show(); });
    for (const task of this.tasks) this.changed(task.answer); // what was kept of another text
  }

  /** An answer has another text. @param {Cell} cell */
  changed(cell) {
    const task = this.tasks.find((one) => one.answer === cell);
    if (!task) return;
    this.progress.changed(task.name, cell.printed, cell.text);
    this.show();
  }

  /** Show how every task stands, and the points of them all. */
  show() {
    let reached = 0, all = 0;
    for (const task of this.tasks) {
      const state = this.progress.state(task.name, task.answer.text);
      task.show(state);
      all += task.points;
      if (state === "right") reached += task.points;
    }
    this.points.textContent = `${reached} of ${all} points by the public checks`;
  }

  // -- running ------------------------------------------------------------------------------------

  /** Run a cell: of a task, with its check. @param {Cell} cell */
  async run(cell) {
    const task = this.tasks.find((one) => one.answer === cell || one.check === cell);
    if (!this.page.open()) {
      if (task) task.says.textContent = this.page.says.textContent;
      return false;
    }
    if (task) return (await task.judge()) ?? false;
    return cell.run(this.page.session, () => this.prepare(cell));
  }

  /** Check every task, whatever comes of the others. */
  async all() {
    if (!this.page.open()) return;
    for (const task of this.tasks) {
      if ((await task.judge()) === null) { // nor would the next
        this.page.says.textContent = task.says.textContent;
        return;
      }
    }
    this.page.says.textContent = `Every task is checked: ${this.points.textContent}.`;
  }

  /** What a cell needs: all above it but the checks. @param {Cell} cell */
  above(cell) {
    const before = this.page.cells.slice(0, this.page.cells.indexOf(cell));
    return before.filter((one) => this.tasks.every((task) => task.check !== one));
  }

  /** Whether Python has what a cell needs. An answer that fails is its own task's matter. @param {Cell} cell */
  stands(cell) {
    return this.above(cell).every((one) => one.fresh || this.isAnswer(one));
  }

  /** @param {Cell} cell */
  isAnswer(cell) {
    return this.tasks.some((task) => task.answer === cell);
  }

  /** Run what a cell needs and has not run as it stands; what of it Python lacks. @param {Cell} cell */
  async prepare(cell) {
    for (const one of this.above(cell)) {
      if (!one.fresh && !(await one.run(this.page.session)) && !(this.isAnswer(one) && this.stands(one))) return one;
    }
    return null;
  }

  /** Run a line of ours. @param {string} code @param {(form: string, text: string) => void} output */
  ask(code, output) {
    return this.page.session.run({ code: `__import__("live_exercise").${code}`, name: "<page>", begun() {}, output });
  }

  /** Load what draws, once in each Python, while the reader reads the first verdict. */
  warm() {
    const { worker } = this.page.session;
    if (this.warmed === worker) return;
    this.warmed = worker;
    setTimeout(() => { if (this.page.session.worker === worker) this.ask("ready()", () => {}); }, READING);
  }

  // -- the notebook -------------------------------------------------------------------------------

  /** The notebook as it was released. */
  async released() {
    const answer = await fetch(this.told.notebook);
    if (!answer.ok) throw new Error(`the book has no ${this.told.notebook}`);
    return answer.json();
  }

  /** Hand out the notebook with what stands in the page. */
  async save() {
    try {
      const { filled } = await notebooks();
      const text = filled(await this.released(), this.page.cells.map((cell) => cell.text));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
      link.download = `${this.told.name}.ipynb`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.says.textContent = `${link.download} holds your answers: hand it in, or go on with it in Jupyter.`;
    } catch (error) {
      this.says.textContent = `The notebook could not be made (${said(error)}): reload the page and try again.`;
    }
  }

  /** @param {HTMLInputElement} input */
  async #chosen(input) {
    const [file] = input.files ?? [];
    input.value = ""; // so that the same file can be chosen again
    if (!file) return;
    try {
      this.says.textContent = await this.open(file.name, await file.text());
    } catch (error) {
      this.says.textContent = `${file.name} could not be read (${said(error)}); nothing was changed.`;
    }
  }

  /** Put what a notebook says into the page; what came of it. @param {string} name @param {string} text */
  async open(name, text) {
    const { answers, parsed } = await notebooks();
    const wanted = `choose the notebook of this exercise, such as ${this.told.name}.ipynb; nothing was changed.`;
    const opened = parsed(text);
    if (!opened) return `${name} is not a notebook: ${wanted}`;
    const found = answers(opened, await this.released(), this.told.tasks);
    const there = this.tasks.filter((task) => found.has(task.told.answer));
    if (!there.length) return `${name} has no task of ${this.told.title}: ${wanted}`;
    if (!this.#agreed(name, found)) return `${name} was not opened; nothing was changed.`;
    for (const [k, answer] of found) await this.page.cells[k].put(answer);
    const missing = this.tasks.filter((task) => !there.includes(task)).map((task) => task.number);
    const kept = missing.length ? ` It has no task ${missing.join(", ")}, which stays as it was.` : "";
    return `${name} is in the page.${kept} Check every task to see how it stands.`;
  }

  /** Whether edits that would be lost may be. @param {string} name @param {Map<number, string>} found */
  #agreed(name, found) {
    const lost = [...found].filter(([k, text]) => {
      const cell = this.page.cells[k];
      return cell.text !== cell.printed && cell.text !== text;
    });
    if (!lost.length) return true;
    const what = lost.map(([k]) => this.tasks.find((task) => task.told.answer === k)?.number ?? `cell ${k + 1}`);
    return confirm(`What you wrote here differs from ${name} (${what.join(", ")}). Replace it by what the file says?`);
  }
}

/** @file One task of an exercise's page: its answer, its check, its hints, and how it stands. */

import { button as pressed } from "./cell.js";
import { show as showOutput } from "./outputs.js";
import { WORDS } from "./progress_store.js";

/** @typedef {import("./progress_store.js").State} State */

/**
 * @typedef {object} TaskTold what the page says of a task
 * @property {string} name of its function
 * @property {string} number
 * @property {number} points
 * @property {string} place the id of its section
 * @property {number} answer its place among the page's cells
 * @property {number} check likewise
 */

const LATE = "It still runs: does every loop end? Stop ends it; the next check then begins anew.";
const LONG = 10_000; // milliseconds until a check that still runs is told of

/** An element of a class, with its words. @param {string} kind @param {string} name @param {string} words */
export const made = (kind, name, words = "") => {
  const element = document.createElement(kind);
  element.className = name;
  element.textContent = words;
  return element;
};

/** A button of an exercise. @param {string} words @param {() => void} act @param {string} label for those who do not see where it stands */
export const button = (words, act, label = "") => pressed("nn-task-button", words, act, label);

export class Task {
  /** @param {TaskTold} told @param {import("./exercise.js").Exercise} exercise */
  constructor(told, exercise) {
    const { number } = told;
    this.told = told;
    this.exercise = exercise;
    this.name = told.name;
    this.number = number;
    this.points = told.points;
    this.answer = exercise.page.cells[told.answer];
    this.check = exercise.page.cells[told.check];
    /** @type {string | null} the answer that this Python has judged */
    this.judged = null;
    /** @type {Promise<boolean | null> | null} */
    this.judging = null;
    this.asked = ""; // the answer that is being judged
    this.badge = made("span", "nn-task-state");
    this.checks = button("Check", () => exercise.run(this.check), `Check Task ${number}`);
    this.hints = button("Next hint", () => this.hint(), `Next hint for Task ${number}`);
    this.stops = button("■ Stop", () => exercise.page.session.stop(), "Stop Python");
    this.says = made("span", "nn-live-says");
    this.hinted = made("div", "nn-task-hints cell_output");
    this.#answer();
    this.#check();
  }

  /** Make the answer known as the place to write. */
  #answer() {
    const { answer, number } = this, write = () => answer.edit(true);
    document.getElementById(this.told.place)?.querySelector("h2, h3")?.append(this.badge);
    const label = made("div", "nn-task-label", `Your answer to Task ${number}`);
    label.append(button("✎ Write", write, `Write your answer to Task ${number}`));
    answer.box.classList.add("nn-task-answer");
    answer.box.prepend(label);
    answer.block.querySelector("pre")?.addEventListener("click", () => {
      if (getSelection()?.isCollapsed !== false) write();
    });
    for (const spare of [answer.runs, answer.edits, this.check.runs]) spare.classList.add("nn-task-spare");
    answer.leave = this.check.leave = () => this.checks.focus();
  }

  /** Put the buttons below the check. */
  #check() {
    const { box } = this.check, bar = made("div", "nn-task-bar");
    for (const line of [this.says, this.hinted]) line.setAttribute("role", "status");
    bar.append(this.checks, this.hints, this.stops, this.says);
    this.stops.hidden = true;
    box.classList.add("nn-task-check");
    box.querySelector(".cell_input")?.after(bar);
    box.after(this.hinted);
  }

  /** Show how it stands. @param {State} state */
  show(state) {
    const all = `${this.points} ${this.points === 1 ? "point" : "points"}`;
    const reached = state === "right" ? `${this.points} of ${all}` : state === "wrong" ? `0 of ${all}` : all;
    this.badge.textContent = `${WORDS[state]} · ${reached}`;
    this.badge.dataset.state = state;
    this.hints.hidden = state !== "wrong";
  }

  /** Judge the answer as it stands; whether its check ran, or null where Python has ended. @returns {Promise<boolean | null>} */
  judge() {
    if (this.judging && this.asked !== this.answer.text) return this.judging.then(() => this.judge());
    this.asked = this.answer.text;
    if (this.judging) return this.judging;
    const { page } = this.exercise;
    page.works(1);
    this.judging = this.#judge().finally(() => {
      page.works(-1);
      this.judging = null;
      if (document.activeElement === this.stops) this.checks.focus(); // which is about to go
      this.stops.hidden = true;
      this.checks.textContent = "Check";
    });
    return this.judging;
  }

  async #judge() {
    const { exercise, answer } = this;
    this.says.textContent = exercise.begun ? "" : "Python is starting …";
    this.checks.textContent = "Checking …";
    this.stops.hidden = false;
    const failed = await exercise.prepare(answer);
    if (failed) return this.#ended(failed);
    const text = answer.text;
    const late = setTimeout(() => { this.says.textContent = LATE; }, LONG);
    try {
      return await this.#run(text);
    } finally {
      clearTimeout(late);
    }
  }

  /** Run the answer and its check. @param {string} text */
  async #run(text) {
    const { exercise, answer } = this, { session } = exercise.page;
    const before = this.check.box.querySelector(".nn-live-output")?.textContent;
    await exercise.ask(`begin("${this.name}")`, () => {});
    const ran = await answer.run(session);
    if (!exercise.stands(answer)) return this.#ended();
    exercise.begun = true;
    this.says.textContent = "";
    if (ran && !answer.ran) return false; // it was put back meanwhile
    if (!ran) return this.#unchecked(text, "It does not run: the error stands below your answer.");
    if (!(await this.#there())) return this.#unchecked(text, `It defines no ${this.name}.`);
    if (!(await this.check.run(session))) return exercise.stands(answer) ? false : this.#ended();
    if (before !== this.check.box.querySelector(".nn-live-output")?.textContent) this.hinted.replaceChildren();
    await exercise.ask(`report("${exercise.told.name}")`, (form, states) => {
      if (form === "states") this.#verdict(text, JSON.parse(states)[this.name]);
    });
    this.judged = text;
    exercise.warm();
    return true;
  }

  /** Whether the answer that has run defines what is asked for; no earlier verdict counts from here on. */
  async #there() {
    let there = true;
    await this.exercise.ask(`there("${this.name}")`, (form, text) => { if (form === "there") there = JSON.parse(text); });
    return there;
  }

  /** An answer that cannot be checked is wrong, and what was said of an earlier one goes. @param {string} text @param {string} says */
  #unchecked(text, says) {
    this.clear();
    return this.#note(text, "wrong", says);
  }

  /** Nothing is said of an answer. */
  clear() {
    this.check.clear();
    this.hinted.replaceChildren();
    this.says.textContent = "";
  }

  /** @param {string} text @param {"right" | "wrong" | "open" | "unsaid"} state */
  #verdict(text, state) {
    if (state === "unsaid") this.says.textContent = "The cell of the check gave no verdict: put it back as it was printed.";
    else this.#note(text, state);
  }

  /** Keep what a check has said of a text. @param {string} text @param {"right" | "wrong" | "open"} state @param {string} says */
  #note(text, state, says = "") {
    const { answer } = this;
    if (answer.text === answer.printed && text !== answer.printed) return true; // it was put back meanwhile
    this.says.textContent = says;
    this.exercise.progress.judged(this.name, text, state);
    this.exercise.show();
    return true;
  }

  /** What is above could not be run, or Python was stopped. @param {import("./cell.js").Cell} [failed] */
  #ended(failed) {
    const { page } = this.exercise;
    this.says.textContent = page.stop.hidden
      ? page.says.textContent // why Python has ended
      : failed
        ? `Cell ${failed.number}, above, failed, so this was not checked: its error stands below it.`
        : "A cell above was changed meanwhile: check again.";
    return null;
  }

  /** Say the next thing about the last answer, which is judged first where this Python has not. */
  async hint() {
    const known = this.judged === this.answer.text && this.answer.fresh;
    if (!known && !((await this.judge()) && this.judged === this.answer.text)) return;
    const said = made("div", "nn-task-hint"), last = this.hinted.lastElementChild;
    const level = this.hinted.childElementCount;
    this.hinted.append(said);
    await this.exercise.ask(`hint("${this.name}", ${level})`, (form, text) => showOutput(said, form, text));
    if (said.textContent === last?.textContent) said.remove(); // all is said
  }
}

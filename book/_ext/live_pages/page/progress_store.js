/** @file How far a reader has come with each task, kept in their own browser until they say otherwise. */

import { mark } from "./store.js";

/** Where this copy of the book lies: another copy on the same server keeps its own. */
const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * @typedef {object} Kept what is kept of a task
 * @property {"right" | "wrong" | "open"} [verdict] of its last check
 * @property {string} [of] the mark of the answer that was checked
 * @property {string} now the mark of the answer as it stands
 */

/** @typedef {"open" | "changed" | "wrong" | "right"} State */

/** @type {Record<State, string>} */
export const WORDS = { open: "not begun", changed: "not checked", wrong: "✘ wrong", right: "✔ right" };

/** The tasks of one exercise. */
export class Progress {
  /** @param {string} exercise @param {(problem: string) => void} tell */
  constructor(exercise, tell = () => {}) {
    this.key = `course-nn:progress:${ROOT}:${exercise}`;
    this.tell = tell;
    /** @type {Record<string, Kept>} */
    this.tasks = {};
    this.read();
  }

  /** What the browser has kept; what is not ours counts as nothing. */
  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "{}");
      this.tasks = kept && typeof kept === "object" ? kept : {};
    } catch { /* what is known stays */ }
  }

  /** How a task stands, by what is kept or with the answer that is here. @param {string} task @param {string} [text] @returns {State} */
  state(task, text) {
    const kept = this.tasks[task];
    if (!kept) return "open";
    const now = text === undefined ? kept.now : mark(text); // two tabs may hold two answers
    return now === kept.of && kept.verdict ? kept.verdict : "changed";
  }

  /** An answer has changed; as printed, it is not begun. @param {string} task @param {string} printed @param {string} text */
  changed(task, printed, text) {
    const now = mark(text);
    if (this.tasks[task]?.now === now) return;
    if (text === printed) delete this.tasks[task];
    else this.tasks[task] = { ...this.tasks[task], now };
    this.#keep();
  }

  /**
   * A check has judged an answer, which may have changed since; as printed, it stays not begun.
   * @param {string} task @param {string} text @param {"right" | "wrong" | "open"} verdict
   */
  judged(task, text, verdict) {
    const of = mark(text), now = this.tasks[task]?.now;
    if (now || verdict !== "open") this.tasks[task] = { verdict, of, now: now ?? of };
    this.#keep();
  }

  /** All of this exercise is to stand so. @param {Record<string, Kept>} tasks */
  put(tasks) {
    this.tasks = tasks;
    this.#keep();
  }

  #keep() {
    try {
      if (Object.keys(this.tasks).length) localStorage.setItem(this.key, JSON.stringify(this.tasks));
      else localStorage.removeItem(this.key);
    } catch {
      this.tell("This browser keeps nothing for the page: your changes last until you leave it.");
    }
  }
}

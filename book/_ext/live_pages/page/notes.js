/** @file What the page says of a cell before it runs: a tag of the cell's source names the sentence. */

/**
 * @typedef {object} Note
 * @property {string} says
 * @property {boolean} [left] the whole page runs without this cell
 * @property {boolean} [soon] of the cells above it needs only the first
 */

/** @type {Record<string, Note>} */
export const NOTES = {
  "smaller-in-browser": {
    says: "In the browser this cell computes with less, so that it takes seconds: its code says how much less.",
  },
  "one-thread-in-browser": {
    says: "Python in a browser has one thread: both sides take as long here, and differ in Jupyter.",
  },
  "digits-in-browser": {
    says: "A page cannot fetch MNIST: in the browser this cell takes the digits that come with the package.",
  },
  "needs-threads": {
    says: "This cell needs threads, which Python in a browser has not: the page runs without it, Jupyter with it.",
    left: true,
  },
  "needs-processes": {
    says: "This cell starts another Python, which a browser cannot: the page runs without it, Jupyter with it.",
    left: true,
  },
  "after-first-in-browser": { says: "Of the cells above, this one needs only the first.", soon: true },
};

/** The notes of a cell. @param {Element} box @returns {Note[]} */
export const notesOf = (box) =>
  Object.keys(NOTES).filter((tag) => box.classList.contains(`tag_${tag}`)).map((tag) => NOTES[tag]);

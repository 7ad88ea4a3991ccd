/** @file The table of all exercises: adds to each task how it stands, and to each exercise its points. */

import { Progress, WORDS } from "./progress_store.js";

const table = /** @type {HTMLTableElement} */ (document.querySelector(".nn-progress"));

/** "3 of 9", where anything has begun. @param {Element | null} cell @param {number} reached */
const points = (cell, reached) => {
  if (cell instanceof HTMLElement) cell.textContent = `${reached} of ${cell.dataset.points}`;
};

/** A row as it stands; its points. @param {HTMLElement} row */
const show = (row) => {
  const progress = new Progress(row.dataset.exercise ?? "");
  let reached = 0;
  for (const link of /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll("[data-task]"))) {
    const state = progress.state(link.dataset.task ?? "");
    link.dataset.state = state;
    link.setAttribute("aria-label", `${link.title}, ${WORDS[state].replace(/^\W+/, "")}`);
    if (state === "right") reached += Number(link.dataset.points);
  }
  points(row.querySelector("td[data-points]"), reached);
  return reached;
};

const all = () => {
  const rows = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("[data-exercise]")]);
  points(table.querySelector("tfoot td"), rows.map(show).reduce((sum, one) => sum + one, 0));
};

all();
addEventListener("storage", all); // another tab has gone on
addEventListener("pageshow", all); // and so has this one, where the browser kept the page

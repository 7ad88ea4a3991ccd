/** @file What a cell shows, as the page would have been built with it. */

import { Terminal } from "./terminal.js";

/** @type {Record<string, string>} */
const PLAIN = { stdout: "stream", stderr: "stderr", text: "text_plain", error: "traceback", note: "nn-live-note" };
const NEEDS_TERMINAL = /[\r\b\x1b]/;

/**
 * What a cell has told of its next piece: the place it takes, or whose it takes, and whether all goes before.
 * @typedef {{place?: string, renew?: string, clear?: boolean}} Orders
 */

/** @type {WeakMap<Element, Orders>} */
const told = new WeakMap();
/** @type {WeakMap<Element, Terminal>} */
const terminals = new WeakMap();

/** Add a piece to a cell's output. @param {Element} box @param {string} form @param {string} text */
export const show = (box, form, text) => {
  const orders = told.get(box) ?? {};
  if (form === "clear" && text !== "wait") empty(box);
  else if (form === "clear") told.set(box, { ...orders, clear: true });
  else if (form === "place" || form === "renew") told.set(box, { ...orders, [form]: text });
  else {
    told.delete(box);
    if (orders.clear) empty(box);
    const goesOn = form === "stdout" || form === "stderr";
    if (goesOn && write(box, form, text)) return;
    put(box, goesOn || form in PLAIN ? plain(form, text) : rich(form, text), orders);
  }
};

/** Take away what is shown; its height stays until something new comes. @param {Element} box */
const empty = (box) => box.replaceChildren();

/** Lay a piece where it was told to lie. @param {Element} box @param {HTMLElement} piece @param {Orders} orders */
const put = (box, piece, { place, renew }) => {
  const name = place ?? renew;
  if (name !== undefined) piece.dataset.display = name;
  if (renew === undefined) return box.append(piece);
  const places = [...document.querySelectorAll(".nn-live-output > [data-display]")].filter(
    (old) => /** @type {HTMLElement} */ (old).dataset.display === renew,
  );
  for (const old of places) old.replaceWith(piece.cloneNode(true));
};

/** A table, a drawing, or what else is HTML. @param {string} form @param {string} text */
const rich = (form, text) => {
  const piece = document.createElement("div");
  piece.className = `output text_html${form === "svg" ? " nn-drawing" : ""}`;
  piece.innerHTML = text;
  piece.querySelectorAll("table").forEach((table) => table.classList.add("table"));
  if (/[$\\]/.test(text) && typeof MathJax !== "undefined") MathJax?.typesetPromise?.([piece]);
  return piece;
};

/** A block of plain text. @param {string} form @param {string} text */
const plain = (form, text) => {
  const piece = document.createElement("div");
  if (form === "note") {
    piece.className = PLAIN.note;
    piece.textContent = text;
    return piece;
  }
  piece.className = `output ${PLAIN[form]} highlight-none notranslate`;
  const frame = document.createElement("div");
  frame.className = "highlight";
  const pre = document.createElement("pre");
  frame.append(pre);
  piece.append(frame);
  if (form === "error") pre.append(...marked(text));
  else append(pre, text);
  return piece;
};

/** A stream goes on in its own block, if that is the last. @param {Element} box @param {string} form @param {string} text */
const write = (box, form, text) => {
  const last = box.lastElementChild;
  const pre = last?.matches(`.${PLAIN[form]}`) ? last.querySelector("pre") : null;
  if (pre) append(pre, text);
  return pre !== null;
};

/** Let a text that scrolls be reached by keys, when it has been laid out. @param {HTMLElement} pre */
const reachable = (pre) =>
  requestAnimationFrame(() => {
    if (pre.scrollHeight > pre.clientHeight || pre.scrollWidth > pre.clientWidth) pre.tabIndex = 0;
  });

/** Add to a text, as a terminal would from the first piece on that needs one. @param {HTMLElement} pre @param {string} text */
const append = (pre, text) => {
  if (pre.tabIndex !== 0) reachable(pre);
  let terminal = terminals.get(pre);
  if (!terminal && !NEEDS_TERMINAL.test(text)) return pre.append(text);
  if (!terminal) {
    terminal = new Terminal();
    terminal.write(pre.textContent ?? "");
    terminals.set(pre, terminal);
  }
  terminal.write(text);
  pre.textContent = terminal.text();
};

/** A traceback whose places step back and whose error stands out. @param {string} text */
const marked = (text) =>
  text.split(/(?<=\n)/).map((line) => {
    const kind = /^ {2}File "/.test(line) ? "nn-where" : /^[A-Za-z_][\w.]*(:|\n|$)/.test(line) ? "nn-raised" : "";
    const part = document.createElement("span");
    part.className = kind;
    part.textContent = line;
    return part;
  });

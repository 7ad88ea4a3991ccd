/** @file What a cell shows, as the page would have been built with it. */

const PLAIN = { stdout: "stream", stderr: "stderr", text: "text_plain", error: "traceback" };

/** Add a piece to a cell's output. @param {Element} box @param {string} form @param {string} text */
export const show = (box, form, text) => {
  if (form in PLAIN) return write(box, PLAIN[form], text, form === "stdout" || form === "stderr");
  const piece = document.createElement("div");
  piece.className = `output text_html${form === "svg" ? " nn-drawing" : ""}`;
  piece.innerHTML = text;
  piece.querySelectorAll("table").forEach((table) => table.classList.add("table"));
  box.append(piece);
  globalThis.MathJax?.typesetPromise?.([piece]);
};

/** Plain text: a stream goes on in its own block. */
const write = (box, kind, text, goesOn) => {
  const last = box.lastElementChild;
  let pre = goesOn && last?.matches(`.${kind}`) ? last.querySelector("pre") : null;
  if (!pre) {
    const piece = document.createElement("div");
    piece.className = `output ${kind} highlight-none notranslate`;
    const frame = document.createElement("div");
    frame.className = "highlight";
    pre = document.createElement("pre");
    frame.append(pre);
    piece.append(frame);
    box.append(piece);
  }
  pre.textContent = overwritten(pre.textContent + text);
};

/** A text as a terminal shows it: what stands after a lone return replaces its line. @param {string} text */
export const overwritten = (text) =>
  text.includes("\r")
    ? text.replace(/\r+\n/g, "\n").split("\n").map((line) => line.replace(/\r+$/, "").split("\r").pop()).join("\n")
    : text;

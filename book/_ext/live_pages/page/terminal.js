/** @file Lines as a terminal shows them: what is written over is gone. */

const PIECES = /\x1b\[([0-9;?]*)([A-Za-z])|[\r\n\b]|[^\x1b\r\n\b]+|\x1b/g;

const ROWS = 1000, COLUMNS = 500; // as far as a cursor moves where nothing is written

/** A text that obeys `\r`, `\b` and the moves of a cursor that progress bars write. */
export class Terminal {
  constructor() {
    this.lines = [""];
    this.row = 0;
    this.column = 0;
  }

  /** @param {string} text */
  write(text) {
    for (const [piece, count, order] of text.matchAll(PIECES)) {
      if (order) this.#move(order, Number(count) || 1, count);
      else if (piece === "\n") this.#down(1, true);
      else if (piece === "\r") this.column = 0;
      else if (piece === "\b") this.column = Math.max(0, this.column - 1);
      else if (piece !== "\x1b") this.#put(piece);
    }
  }

  /** @param {string} text */
  #put(text) {
    const line = this.lines[this.row].padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + text + line.slice(this.column + text.length);
    this.column += text.length;
  }

  /** @param {number} count @param {boolean} home */
  #down(count, home) {
    this.row += count;
    while (this.lines.length <= this.row) this.lines.push("");
    if (home) this.column = 0;
  }

  /** A cursor's move, or a line cleared; colours are passed over. @param {string} order @param {number} count @param {string} given */
  #move(order, count, given) {
    if (order === "A") this.row = Math.max(0, this.row - count);
    else if (order === "B") this.#down(Math.max(0, Math.min(count, ROWS - this.row)), false);
    else if (order === "C") this.column = Math.max(this.column, Math.min(this.column + count, COLUMNS));
    else if (order === "D") this.column = Math.max(0, this.column - count);
    else if (order === "K") {
      const line = this.lines[this.row];
      this.lines[this.row] = given === "2" ? "" : line.slice(0, this.column);
    }
  }

  /** @returns {string} */
  text() {
    return this.lines.map((line) => line.trimEnd()).join("\n");
  }
}

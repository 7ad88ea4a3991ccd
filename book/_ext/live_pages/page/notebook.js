/** @file The notebook of an exercise: filled with what stands in the page, and read back into it. */

/**
 * @typedef {{cell_type: string, id?: string, source: string | string[], metadata: Record<string, any>}} NotebookCell
 * @typedef {{nbformat: number, cells: NotebookCell[]}} Notebook
 * @typedef {{number: string, answer: number}} TaskPlace a task's number, and the place of its answer
 */

/** @param {NotebookCell} cell */
const text = (cell) => [cell.source].flat().join("").replace(/\r\n?/g, "\n");

/** As Jupyter writes it: a list of lines, each with its end. @param {string} source */
const lines = (source) => source.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** @param {Notebook} notebook */
const code = (notebook) => notebook.cells.filter((cell) => cell.cell_type === "code");

/** @param {NotebookCell} cell */
const locked = (cell) => Boolean(cell.metadata.nbgrader?.locked);

/**
 * The released notebook with the page's texts in its code cells; checks stay as they were released.
 * @param {Notebook} released
 * @param {string[]} texts of the page's cells, in their order
 */
export const filled = (released, texts) => {
  const made = structuredClone(released);
  code(made).forEach((cell, k) => {
    if (!locked(cell) && text(cell) !== texts[k]) cell.source = lines(texts[k]);
  });
  return `${JSON.stringify(made, null, 1)}\n`;
};

/** Whether a cell is one; what it lacks is put there. @param {Partial<NotebookCell>} cell */
const completed = (cell) => {
  cell.metadata ??= {};
  cell.source ??= "";
  return typeof cell.cell_type === "string";
};

/** A file's text as a notebook, or undefined. @param {string} file @returns {Notebook | undefined} */
export const parsed = (file) => {
  try {
    const found = JSON.parse(file);
    const whole = found.nbformat === 4 && found.cells.every(completed);
    return whole ? found : undefined;
  } catch {
    return undefined;
  }
};

/**
 * What an opened notebook says in place of the page's cells: a text for each that is found.
 * Cells are known by their ids, else by nbgrader's, else a task's by the heading above it. What
 * defines something in a cell that was added under a task's heading belongs to the task's answer.
 * @param {Notebook} opened
 * @param {Notebook} released
 * @param {TaskPlace[]} tasks
 * @returns {Map<number, string>} by the places of the code cells
 */
export const answers = (opened, released, tasks) => {
  const known = code(released), sections = sectionsOf(opened), found = new Map();
  /** @param {NotebookCell} cell */
  const own = (cell) => known.findIndex((one) => same(one, cell));
  for (const cell of code(opened)) {
    const k = own(cell);
    if (k >= 0 && !locked(known[k])) found.set(k, text(cell));
  }
  for (const { number, answer } of tasks) {
    const section = sections.get(number) ?? [];
    const parts = section.filter((cell) => own(cell) === answer || (own(cell) < 0 && defines(text(cell))));
    const there = new Set(known.map(text));
    const texts = parts.map(text).filter((one, k) => own(parts[k]) === answer || !there.has(one));
    if (texts.length > 1 || (texts.length && !found.has(answer))) found.set(answer, texts.join("\n\n\n"));
  }
  return found;
};

/** @param {NotebookCell} one of the released notebook @param {NotebookCell} cell */
const same = (one, cell) => {
  const mine = one.metadata.nbgrader?.grade_id;
  return (one.id !== undefined && one.id === cell.id) || (mine !== undefined && mine === cell.metadata.nbgrader?.grade_id);
};

/** Whether a cell defines or imports something, without a check or a magic. @param {string} source */
const defines = (source) =>
  /^(async def|def|class|import|from|@)\b/m.test(source) && !/^\s*[%!]|^\s*check\./m.test(source);

/** The code cells under each task's heading, by the task's number. @param {Notebook} notebook */
const sectionsOf = (notebook) => {
  /** @type {Map<string, NotebookCell[]>} */
  const sections = new Map();
  let here = "";
  for (const cell of notebook.cells) {
    if (cell.cell_type === "markdown") {
      const heads = [...text(cell).matchAll(/^#+\s*Task\s+(\d+\.\d+)/gm)];
      here = heads.at(-1)?.[1] ?? here;
    } else if (cell.cell_type === "code" && here) {
      sections.set(here, [...(sections.get(here) ?? []), cell]);
    }
  }
  return sections;
};

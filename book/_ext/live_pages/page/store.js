/** @file What a reader has changed on a page, kept in their own browser until they say otherwise. */

/** The edits of one page; a cell whose printed text has changed since forgets its own. */
export class Edits {
  /** @param {string} page @param {(problem: string) => void} tell */
  constructor(page, tell) {
    this.key = `course-nn:${page}`;
    this.tell = tell;
  }

  /** @returns {Record<string, string>} */
  all() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "{}");
      return kept && typeof kept === "object" ? kept : {};
    } catch {
      return {};
    }
  }

  /** Keep an edit, or forget it where it is as printed. @param {string} printed @param {string} text */
  keep(printed, text) {
    const kept = this.all();
    if (text === printed) delete kept[mark(printed)];
    else kept[mark(printed)] = text;
    try {
      if (Object.keys(kept).length) localStorage.setItem(this.key, JSON.stringify(kept));
      else localStorage.removeItem(this.key);
    } catch {
      this.tell("This browser keeps nothing for the page: your changes last until you leave it.");
    }
  }

  /** @param {string} printed @returns {string | undefined} */
  of(printed) {
    return this.all()[mark(printed)];
  }

  /** Forget all of this page. */
  forget() {
    try {
      localStorage.removeItem(this.key);
    } catch { /* nothing was kept */ }
  }
}

/** A short name of a text: FNV-1a. @param {string} text */
export const mark = (text) => {
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  return `${(hash >>> 0).toString(36)}.${text.length.toString(36)}`;
};

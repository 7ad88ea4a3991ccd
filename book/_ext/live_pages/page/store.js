/** @file What a reader has changed on a page, kept in their own browser until they say otherwise. */

/**
 * The edits of one page; a cell whose printed text has changed since forgets its own.
 *
 * Each cell has an entry of its own, so that two tabs that write at once lose nothing of each other.
 */
export class Edits {
  /** @param {string} page @param {(problem: string) => void} tell */
  constructor(page, tell) {
    this.family = `course-nn:${page}:`;
    this.tell = tell;
  }

  /** Keep an edit, or forget it where it is as printed. @param {string} printed @param {string} text */
  keep(printed, text) {
    const key = this.family + mark(printed);
    try {
      if (text === printed) localStorage.removeItem(key);
      else localStorage.setItem(key, text);
    } catch {
      this.tell("This browser keeps nothing for the page: your changes last until you leave it.");
    }
  }

  /** @param {string} printed @returns {string | undefined} */
  of(printed) {
    try {
      return localStorage.getItem(this.family + mark(printed)) ?? undefined;
    } catch {
      return undefined;
    }
  }

  /** Forget all of this page. */
  forget() {
    try {
      Object.keys(localStorage).filter((key) => key.startsWith(this.family))
        .forEach((key) => localStorage.removeItem(key));
    } catch { /* nothing was kept */ }
  }

  /** Call when another tab has changed something. @param {() => void} follow */
  elsewhere(follow) {
    addEventListener("storage", ({ key }) => {
      if (key === null || key.startsWith(this.family)) follow();
    });
  }
}

/** A short name of a text: FNV-1a. @param {string} text */
export const mark = (text) => {
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  return `${(hash >>> 0).toString(36)}.${text.length.toString(36)}`;
};

/** @file An editor in a cell's place: CodeMirror, in the page's own colours, left by Escape. */

import {
  EditorState, EditorView, HighlightStyle, Prec, bracketMatching, defaultKeymap, history, historyKeymap,
  indentOnInput, indentUnit, indentWithTab, keymap, python, syntaxHighlighting, tags as t,
} from "./vendor/codemirror.js";

/* The classes of the book's own highlighting, so that an edited cell looks like a printed one. */
const PYGMENTS = HighlightStyle.define([
  { tag: [t.keyword, t.controlKeyword, t.definitionKeyword, t.modifier], class: "k" },
  { tag: [t.moduleKeyword], class: "kn" },
  { tag: [t.operatorKeyword], class: "ow" },
  { tag: [t.bool, t.null, t.self], class: "kc" },
  { tag: [t.string, t.special(t.string)], class: "s2" },
  { tag: [t.number, t.integer, t.float], class: "mi" },
  { tag: [t.comment, t.lineComment], class: "c1" },
  { tag: [t.function(t.definition(t.variableName))], class: "nf" },
  { tag: [t.className, t.definition(t.className)], class: "nc" },
  { tag: [t.operator, t.arithmeticOperator, t.compareOperator], class: "o" },
]);

/** @typedef {{text: () => string, set: (text: string) => void, focus: () => void}} Editor */

/**
 * What an editor tells. Once it is left by Escape, the Tab key passes it by until it is entered again: within it that
 * key indents, and who has no mouse would not come out.
 * @typedef {object} Heard
 * @property {(text: string) => void} changed
 * @property {() => unknown} run
 * @property {() => void} entered
 * @property {() => void} leave
 * @property {string} label
 */

/** Put an editor into a block of code. @param {Element} block @param {string} text @param {Heard} on @returns {Editor} */
export const editorIn = (block, text, on) => {
  /** @param {() => unknown} what */
  const act = (what) => () => { what(); return true; };
  const keys = [
    { key: "Shift-Enter", run: act(on.run) },
    { key: "Mod-Enter", run: act(on.run) },
    { key: "Escape", run: act(() => { view.contentDOM.tabIndex = -1; on.leave(); }) },
    indentWithTab,
  ];
  const view = new EditorView({
    parent: block,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(), indentOnInput(), bracketMatching(), indentUnit.of("    "), python(),
        syntaxHighlighting(PYGMENTS), Prec.highest(keymap.of(keys)),
        keymap.of([...defaultKeymap, ...historyKeymap]), EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": `${on.label}; Escape leaves it, Shift and Enter run it` }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) on.changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  view.contentDOM.addEventListener("focus", () => { view.contentDOM.tabIndex = 0; on.entered(); });
  view.dom.addEventListener("keydown", (event) => event.stopPropagation()); // the page has keys of its own
  return {
    text: () => view.state.doc.toString(),
    set: (all) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: all } }),
    focus: () => view.focus(),
  };
};

/** What the book's own pages load beside the live ones. */
declare var MathJax: { typesetPromise?: (elements: Element[]) => Promise<void> } | undefined;

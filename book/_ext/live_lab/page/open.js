/** @file Opens Jupyter on the notebook that the address names, or says why it cannot. */

/* No module: a page that is opened from a folder may load none, and says so by this script. */
(async () => {
  const says = document.getElementById("says");

  /** What is missing, or nothing. */
  const missing = async () => {
    if (location.protocol === "file:")
      return "Jupyter runs where the book comes from a web server: `python -m http.server -d _build/html` is one.";
    if (typeof WebAssembly === "undefined" || typeof Worker === "undefined")
      return "This browser cannot run Python: it lacks workers or WebAssembly.";
    const there = await fetch("../live/pyodide/pyodide-lock.json", { method: "HEAD" }).catch(() => null);
    return there && there.ok
      ? ""
      : "This copy of the book was built without Python for the browser: `make live`, then `make book`, adds it.";
  };

  says.textContent = "Jupyter is starting …";
  const why = await missing();
  if (why) says.textContent = why;
  else location.replace(`lab/index.html?path=${encodeURIComponent(decodeURIComponent(location.hash.slice(1)))}`);
})();

/** @file Starts Jupyter in the light or the dark of the book's pages, until its reader chooses another. */

const THEMES = "@jupyterlab/apputils-extension:themes";
const config = document.getElementById("jupyter-config-data");

/** Whether the book's pages are dark for this reader. */
const dark = () => {
  let mode = "auto";
  try {
    mode = localStorage.getItem("mode") || mode;
  } catch {
    // nothing can be kept here, so nothing was
  }
  return mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
};

/* JupyterLite writes its settings into the page, and then loads itself. */
new MutationObserver((_, observer) => {
  const told = JSON.parse(config.textContent);
  if (!told.appUrl) return;
  observer.disconnect();
  const theme = dark() ? "JupyterLab Dark" : "JupyterLab Light";
  told.settingsOverrides = { [THEMES]: { theme }, ...told.settingsOverrides };
  config.textContent = JSON.stringify(told);
}).observe(config, { childList: true, characterData: true, subtree: true });

await import("./config-utils.js");

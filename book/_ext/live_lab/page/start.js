/** @file Starts Jupyter in the light or the dark of the book's pages, until its reader chooses another,
 * and on a narrow screen with the notebook alone. */

const THEMES = "@jupyterlab/apputils-extension:themes";
const narrow = matchMedia("(max-width: 700px)").matches;
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

/** Leave a narrow screen to the notebook, whatever opens its list of files, until its reader does. */
const makeRoom = async () => {
  let touched = false;
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => { touched = true; }, { capture: true });
  /** @type {any} */
  const app = await new Promise((resolve) => Object.defineProperty(window, "jupyterapp", { set: resolve }));
  app.commands.commandExecuted.connect(async (_, /** @type {any} */ { result }) => {
    await result;
    if (!touched) app.shell.collapseLeft();
  });
  await app.restored;
  app.shell.collapseLeft();
  if (app.shell.isSideTabBarVisible("right")) app.shell.toggleSideTabBarVisibility("right");
};

/* JupyterLite writes its settings into the page, and then loads itself. */
new MutationObserver((_, observer) => {
  const told = JSON.parse(config.textContent);
  if (!told.appUrl) return;
  observer.disconnect();
  const theme = dark() ? "JupyterLab Dark" : "JupyterLab Light";
  told.exposeAppInBrowser = String(narrow);
  told.settingsOverrides = { [THEMES]: { theme }, ...told.settingsOverrides };
  config.textContent = JSON.stringify(told);
}).observe(config, { childList: true, characterData: true, subtree: true });

if (narrow) void makeRoom();
await import("./config-utils.js");

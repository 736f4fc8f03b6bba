// Runs before the first paint: the reader's choice of theme, or the system's where none was made. Bootstrap itself
// knows only light and dark. Without scripts the style sheet follows the system alone.
(() => {
  "use strict";
  const key = "swf-theme";
  const system = matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      return localStorage.getItem(key) || "auto";
    } catch {
      return "auto"; // storage is blocked: follow the system
    }
  }

  function apply() {
    const wanted = choice();
    const theme = wanted === "auto" ? (system.matches ? "dark" : "light") : wanted;
    document.documentElement.dataset.bsTheme = theme === "dark" ? "dark" : "light";
  }

  function choose(wanted) {
    try {
      localStorage.setItem(key, wanted);
    } catch {
      // Storage is blocked: nothing to remember.
    }
    apply();
  }

  system.addEventListener("change", apply);
  apply();
  window.swfTheme = { choice, choose };
})();

/* Chooses the colours before anything is drawn: light, dark, or as the system says. Runs in the head, blocking. */
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("theme") || "auto";
    } catch {
      return "auto";
    }
  }

  function apply() {
    const theme = chosen();
    root.dataset.bsTheme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    document.dispatchEvent(new CustomEvent("swf:theme"));
  }

  window.swfTheme = {
    chosen,
    next() {
      const order = ["auto", "light", "dark"];
      const theme = order[(order.indexOf(chosen()) + 1) % order.length];
      try {
        localStorage.setItem("theme", theme);
      } catch {
        /* the choice lasts for this page only */
      }
      apply();
      return theme;
    },
  };
  root.dataset.scripts = "on";
  system.addEventListener("change", apply);
  apply();
})();

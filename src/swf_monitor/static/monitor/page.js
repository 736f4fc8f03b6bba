/* What every page does by itself: menu, theme button, error bar, system status, copy buttons, sortable tables. */
(() => {
  const STATUS_PERIOD_MS = 60_000;
  const STATUS_TOO_OLD_MS = 15 * 60_000;
  const byId = (id) => document.getElementById(id);

  function showError(text) {
    byId("js-error-text").textContent = `A script of this page failed: ${text}`;
    byId("js-error-overlay").hidden = false;
  }

  function watchErrors() {
    window.addEventListener("error", (event) => showError(event.message || "a file could not be loaded"));
    window.addEventListener("unhandledrejection", (event) => showError(String(event.reason)));
    byId("js-error-overlay").querySelector("button").addEventListener("click", () => {
      byId("js-error-overlay").hidden = true;
    });
  }

  function menu() {
    const toggle = document.querySelector(".nav-toggle");
    const sheet = byId("nav-menu");
    const open = (yes) => {
      sheet.classList.toggle("open", yes);
      toggle.setAttribute("aria-expanded", String(yes));
    };
    toggle.addEventListener("click", () => open(!sheet.classList.contains("open")));
    sheet.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && sheet.classList.contains("open")) {
        open(false);
        toggle.focus();
      }
    });
  }

  function themeButton() {
    const button = byId("theme-toggle");
    const label = () => {
      button.textContent = `Theme: ${window.swfTheme.chosen()}`;
    };
    button.addEventListener("click", () => {
      window.swfTheme.next();
      label();
    });
    label();
  }

  function showStatus(link, status, reason) {
    link.dataset.systemStatus = status;
    link.title = reason;
    const word = link.querySelector(".status-word");
    word.hidden = status === "ok" || status === "unknown";
    word.textContent = word.hidden ? "" : `: ${status}`;
  }

  async function pollStatus() {
    const link = byId("system-status-nav-link");
    if (document.hidden) return;
    try {
      const reply = await fetch(link.dataset.systemStatusUrl, {
        cache: "no-store",
        credentials: "same-origin",
        headers: { Accept: "application/json" },
      });
      if (!reply.ok) throw new Error(`status ${reply.status}`);
      const body = await reply.json();
      const checked = Date.parse(body.latest_checked_at);
      if (body.latest_checked_at) link.dataset.systemCheckedAt = body.latest_checked_at;
      const old = Number.isFinite(checked) && Date.now() - checked > STATUS_TOO_OLD_MS;
      showStatus(link, old ? "error" : body.overall_status, old ? "The last check is long ago." : body.overall_reason);
    } catch (problem) {
      showStatus(link, "error", `The monitor's status cannot be read (${problem.message}).`);
    }
  }

  function systemStatus() {
    pollStatus();
    setInterval(pollStatus, STATUS_PERIOD_MS);
    document.addEventListener("visibilitychange", pollStatus);
  }

  function relativeTimes() {
    const words = (seconds) => {
      if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s ago`;
      if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
      if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
      return `${Math.round(seconds / 86400)} d ago`;
    };
    const tick = () => {
      for (const node of document.querySelectorAll("[data-relative-time]")) {
        node.textContent = words((Date.now() - Date.parse(node.dataset.relativeTime)) / 1000);
      }
    };
    tick();
    setInterval(tick, 10_000);
  }

  function copyButtons() {
    document.addEventListener("click", async (event) => {
      const button = event.target.closest("[data-copy]");
      if (!button) return;
      const before = button.textContent;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select and copy by hand";
      }
      setTimeout(() => {
        button.textContent = before;
      }, 2000);
    });
  }

  function paintFills(root) {
    for (const mark of root.querySelectorAll("[data-fill]")) {
      const cell = mark.closest("td");
      if (!cell) continue;
      for (const name of [...cell.classList]) if (name.endsWith("_fill")) cell.classList.remove(name);
      cell.classList.add(mark.dataset.fill);
    }
  }

  /* The exports of a table that is sorted and searched here. */
  function keepExports(table) {
    const [first] = table.order();
    for (const link of document.querySelectorAll(".export-link")) {
      const query = new URLSearchParams(location.search);
      if (table.search()) query.set("search", table.search());
      if (first) {
        query.set("order[0][column]", first[0]);
        query.set("order[0][dir]", first[1]);
      }
      query.set("format", link.dataset.format);
      link.href = `${location.pathname}?${query}`;
    }
  }

  function sortableTables() {
    if (!window.DataTable) return;
    for (const table of document.querySelectorAll("table.swf-sortable")) {
      const sortable = new window.DataTable(table, {
        paging: false,
        info: false,
        autoWidth: false,
        order: [],
        layout: { topStart: null, topEnd: "search", bottomStart: null, bottomEnd: null },
        language: { search: "Search this table", searchPlaceholder: "Search this table", zeroRecords: "Nothing here matches the search." },
      });
      sortable.on("draw", () => keepExports(sortable));
    }
  }

  window.swfPaintFills = paintFills;
  watchErrors();
  menu();
  themeButton();
  systemStatus();
  relativeTimes();
  copyButtons();
  paintFills(document);
  sortableTables();
})();

/* Server-side tables: reads the page's configuration, fills the filters, keeps the URL, paints state colours.
   The page sets window.swfTable = {ajax: {url}, filterCountsUrl} and a JSON block #table-configuration. */
(() => {
  const PAGE_LENGTHS = [100, 300, 1000];
  const VALUES_SHOWN = 12;
  const page = window.swfTable;
  const settings = JSON.parse(document.getElementById("table-configuration").textContent);
  const filters = { ...settings.filters };
  const element = document.getElementById("main-table");
  const box = element.closest(".table-box");
  const number = new Intl.NumberFormat("en-US");
  let table = null;
  let running = null;

  /* --- address --- */
  function parameters() {
    return new URLSearchParams({ ...settings.window, ...filters });
  }

  function keepAddress() {
    history.replaceState(null, "", `${location.pathname}?${parameters()}`);
    for (const link of document.querySelectorAll(".days-link")) {
      const days = new URL(link.href).searchParams.get("days");
      link.href = `${location.pathname}?${new URLSearchParams({ days, ...filters })}`;
    }
  }

  /* The exports give what the table shows: same filters, search and order, all pages. */
  function keepExports(wanted) {
    for (const link of document.querySelectorAll(".export-link")) {
      const query = parameters();
      if (wanted.search.value) query.set("search", wanted.search.value);
      if (wanted.order.length) {
        query.set("order[0][column]", wanted.order[0].column);
        query.set("order[0][dir]", wanted.order[0].dir);
      }
      query.set("format", link.dataset.format);
      link.href = `${location.pathname}?${query}`;
    }
  }

  function addressWith(name, value) {
    const wanted = parameters();
    if (value === null) wanted.delete(name);
    else wanted.set(name, value);
    return `${location.pathname}?${wanted}`;
  }

  /* --- messages --- */
  function alertText(text) {
    const alert = document.getElementById("table-alert");
    alert.textContent = text;
    alert.hidden = !text;
  }

  function countLine(answer) {
    const found = number.format(answer.recordsFiltered);
    const total = number.format(answer.recordsTotal);
    document.getElementById("query-count").textContent =
      `Query count: ${found} ${settings.noun} (${total} total in window)`;
  }

  async function readJson(address, signal) {
    const reply = await fetch(address, { signal, credentials: "same-origin", headers: { Accept: "application/json" } });
    const body = await reply.json().catch(() => null);
    if (!reply.ok || body === null) {
      throw new Error(body && body.error ? body.error : `The server answered ${reply.status}.`);
    }
    return body;
  }

  /* --- data --- */
  async function load(wanted, done) {
    running?.abort();
    running = new AbortController();
    const own = running;
    keepExports(wanted);
    const query = parameters();
    query.set("draw", wanted.draw);
    query.set("start", wanted.start);
    query.set("length", wanted.length);
    query.set("search[value]", wanted.search.value);
    if (wanted.order.length) {
      query.set("order[0][column]", wanted.order[0].column);
      query.set("order[0][dir]", wanted.order[0].dir);
    }
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await readJson(`${page.ajax.url}?${query}`, own.signal);
      alertText(answer.error ?? "");
      countLine(answer);
      done(answer);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      alertText(`The rows could not be read. ${problem.message}`);
      document.getElementById("query-count").textContent = "Nothing to show.";
      done({ draw: wanted.draw, recordsTotal: 0, recordsFiltered: 0, data: [] });
    } finally {
      if (running === own) box.removeAttribute("aria-busy");
    }
  }

  /* --- filters --- */
  function setFilter(name, value) {
    if (value === null || filters[name] === value) delete filters[name];
    else filters[name] = value;
    keepAddress();
    showActive();
    fillFilters();
    table.ajax.reload();
  }

  function filterLink(facet, [label, count, value]) {
    const wanted = value ?? label;
    const active = filters[facet.name] === wanted;
    const link = document.createElement("a");
    link.className = active ? "filter-link active" : "filter-link";
    link.href = addressWith(facet.name, active ? null : wanted);
    link.dataset.filter = facet.name;
    link.dataset.value = wanted;
    if (active) link.setAttribute("aria-current", "true");
    link.append(Object.assign(document.createElement("bdi"), { textContent: label || "(blank)" }), ` ${number.format(count)}`);
    return link;
  }

  function fillFacet(facet, counts) {
    const place = document.getElementById(`${facet.name}-filter`);
    if (!place) return;
    const links = counts.map((entry) => filterLink(facet, entry));
    const first = links.slice(0, VALUES_SHOWN);
    const rest = links.slice(VALUES_SHOWN);
    place.replaceChildren(...first);
    if (!links.length) place.textContent = "none in this window";
    if (!rest.length) return;
    const more = document.createElement("details");
    more.className = "filter-more";
    more.open = rest.some((link) => link.classList.contains("active"));
    more.append(Object.assign(document.createElement("summary"), { textContent: `${rest.length} more` }), ...rest);
    place.append(more);
  }

  async function fillFilters() {
    if (!page.filterCountsUrl) return;
    try {
      const answer = await readJson(`${page.filterCountsUrl}?${parameters()}`);
      for (const facet of settings.facets) fillFacet(facet, answer.filter_counts[facet.name] ?? []);
    } catch (problem) {
      for (const facet of settings.facets) {
        document.getElementById(`${facet.name}-filter`).textContent = `not readable (${problem.message})`;
      }
    }
  }

  function showActive() {
    const chips = settings.facets
      .filter((facet) => filters[facet.name])
      .map((facet) => {
        const chip = document.createElement("a");
        chip.className = "chip";
        chip.href = addressWith(facet.name, null);
        chip.dataset.filter = facet.name;
        chip.dataset.value = "";
        chip.setAttribute("aria-label", `Remove ${facet.label} ${filters[facet.name]}`);
        chip.append(`${facet.label} `, Object.assign(document.createElement("bdi"), { textContent: filters[facet.name] }), " ×");
        return chip;
      });
    document.getElementById("active-filters").replaceChildren(...chips);
  }

  function clicks() {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-filter]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      const { filter, value } = link.dataset;
      if (link.classList.contains("clear-filter")) {
        link.closest(".chip").remove();
      }
      setFilter(filter, value || null);
    });
  }

  /* --- table --- */
  function labelCells(row) {
    [...row.cells].forEach((cell, index) => {
      cell.dataset.label = settings.columns[index].label;
    });
    if (settings.live) {
      row.dataset.rowId = row.cells[settings.live.id_column].textContent.trim();
    }
  }

  function build() {
    window.DataTable.ext.errMode = "none";
    table = new window.DataTable(element, {
      serverSide: true,
      processing: false,
      autoWidth: false,
      searching: settings.searchable,
      searchDelay: 300,
      pageLength: PAGE_LENGTHS[0],
      lengthMenu: PAGE_LENGTHS,
      order: settings.order,
      ajax: load,
      columns: settings.columns.map((column, index) => ({
        data: index,
        orderable: column.orderable,
        className: column.className,
        // Never the third state "unsorted": the server always sorts. Ids and counts begin with the largest.
        orderSequence: /\b(num|mono)\b/.test(column.className) ? ["desc", "asc"] : ["asc", "desc"],
      })),
      layout: {
        topStart: settings.searchable ? "search" : null,
        topEnd: null,
        bottomStart: ["info", "pageLength"],
        bottomEnd: "paging",
      },
      language: {
        search: `Search ${settings.noun}`,
        searchPlaceholder: `Search ${settings.noun}`,
        emptyTable: `No ${settings.noun} here: nothing in this window meets the filters. Widen the window or remove a filter.`,
        zeroRecords: `No ${settings.noun} match. Widen the window, remove a filter or change the search.`,
        lengthMenu: "_MENU_ per page",
      },
      createdRow: labelCells,
      drawCallback: () => window.swfPaintFills(element),
    });
  }

  if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("filters")?.removeAttribute("open");
  page.reload = () => {
    table.ajax.reload(null, false);
    fillFilters();
  };
  page.settings = settings;
  build();
  clicks();
  showActive();
  fillFilters();
})();

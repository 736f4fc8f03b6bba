/* The plot "Completed jobs": stacked bars per outcome, or their running totals. Reads the JSON block that the page
   carries; when a filter of the table changes, the page is asked for again and the whole section replaced. */
(() => {
  const DRAWN = ["finished", "failed", "cancelled", "closed"];
  const HEIGHTS = { desk: 180, phone: 160 };
  const STEPS = { hour: 3600, day: 86_400 };
  const OPENED = "outcomes-open";
  const COUNTS = [1, 2, 5].flatMap((digit) => [1, 10, 100, 1000, 10_000, 100_000].map((power) => digit * power)).sort((a, b) => a - b);
  const number = new Intl.NumberFormat("en-US");
  const phone = window.matchMedia("(max-width: 767px)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let plot = null;
  let data = null;
  let view = "values";
  let address = location.search;

  /* --- figures --- */
  function stacked(series) {
    const sums = data.bins.map(() => 0);
    return DRAWN.map((status) => {
      const values = series.find((one) => one.status === status)[view];
      return values.map((value, index) => (sums[index] += value));
    });
  }

  function seconds(bin) {
    return Date.parse(`${bin}Z`) / 1000;
  }

  function words(index) {
    const counts = DRAWN.map((status) => {
      const one = data.series.find((entry) => entry.status === status);
      return `${number.format(one[view][index])} ${status}`;
    });
    const bin = data.bins[index].replace("T", " ").slice(0, data.bucket === "hour" ? 16 : 10);
    return `${bin} UTC${view === "cumulative" ? ", so far" : ""}: ${counts.join(", ")}`;
  }

  /* --- looks: every outcome has a pattern beside its colour --- */
  function pattern(context, ink, draw) {
    const scale = window.devicePixelRatio || 1;
    const tile = Object.assign(document.createElement("canvas"), { width: 8 * scale, height: 8 * scale });
    const pen = tile.getContext("2d");
    pen.scale(scale, scale);
    pen.fillStyle = ink;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = colour("--surface");
    pen.lineWidth = 1.5;
    pen.beginPath();
    draw(pen);
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  function hatch(pen) {
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, 8);
      pen.lineTo(shift + 8, 0);
    }
  }

  function lines(pen) {
    for (const height of [2, 6]) {
      pen.moveTo(0, height);
      pen.lineTo(8, height);
    }
  }

  function fillOf(status, context) {
    if (status === "finished") return colour("--group-finished");
    if (status === "cancelled") return colour("--group-cancelled");
    if (status === "failed") return pattern(context, colour("--group-failed"), hatch);
    return pattern(context, colour("--group-waiting"), lines);
  }

  /* --- axes: UTC, 24 hours, the date at its first mark --- */
  function timeWords(moments) {
    let before = "";
    return moments.map((moment) => {
      const text = new Date(moment * 1000).toISOString();
      const day = text.slice(5, 10);
      const words = data.bucket === "day" ? day : text.slice(11, 16) + (day === before ? "" : `\n${day}`);
      before = day;
      return words;
    });
  }

  function range(_plot, first, last) {
    return [first, last + STEPS[data.bucket]];
  }

  function options(place) {
    const grid = { stroke: colour("--border"), width: 1 };
    const axis = { stroke: colour("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const steps = data.bucket === "day" ? [1, 2, 7, 14, 28, 56].map((days) => days * STEPS.day) : [1, 3, 6, 12, 24].map((hours) => hours * STEPS.hour);
    return {
      width: place.clientWidth,
      height: phone.matches ? HEIGHTS.phone : HEIGHTS.desk,
      tzDate: (moment) => window.uPlot.tzDate(new Date(moment * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { range }, y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.05)] } },
      axes: [
        { ...axis, grid: { show: false }, incrs: steps, space: 56, values: (_plot, moments) => timeWords(moments) },
        { ...axis, size: 56, incrs: COUNTS, values: (_plot, ticks) => ticks.map((tick) => number.format(tick)) },
      ],
      series: [{}, ...[...DRAWN].reverse().map(bars)],
      hooks: { setCursor: [(own) => readout(binAt(own))] },
    };
  }

  function bars(status) {
    return {
      label: status,
      stroke: colour("--surface"),
      width: 1,
      fill: (own) => fillOf(status, own.ctx),
      paths: window.uPlot.paths.bars({ size: [0.9, 160], align: 1 }),
      points: { show: false },
    };
  }

  /* --- drawing --- */
  function binAt(own) {
    if (own.cursor.left < 0) return -1;
    const moment = own.posToVal(own.cursor.left, "x");
    return Math.floor((moment - own.data[0][0]) / STEPS[data.bucket]);
  }

  function readout(index) {
    const line = document.querySelector(".outcome-readout");
    if (line) line.textContent = index >= 0 && index < data.bins.length ? words(index) : "";
  }

  function draw() {
    const place = document.getElementById("outcome-plot");
    plot?.destroy();
    plot = null;
    if (!place || !place.clientWidth || !data.bins.length) return;
    // The tallest sums are drawn first, the others in front of them: that makes a stack.
    const sums = stacked(data.series).reverse();
    plot = new window.uPlot(options(place), [data.bins.map(seconds), ...sums], place);
  }

  function choose(button) {
    view = button.dataset.view;
    for (const other of document.querySelectorAll(".outcome-views button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    draw();
  }

  function begin() {
    const section = document.getElementById("outcomes");
    if (!section) return;
    data = JSON.parse(document.getElementById("job-outcomes-data").textContent);
    if (!data.bins.length) section.querySelector(".outcome-readout").textContent = "No time in this window, so nothing to draw.";
    section.querySelector(".outcome-views").hidden = false;
    for (const button of section.querySelectorAll(".outcome-views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
      button.addEventListener("click", () => choose(button));
    }
    section.addEventListener("toggle", () => {
      remember(section.open);
      draw();
    });
    draw();
  }

  function remember(open) {
    try {
      localStorage.setItem(OPENED, open ? "1" : "0");
    } catch {
      /* not kept */
    }
  }

  function remembered() {
    try {
      return localStorage.getItem(OPENED) === "1";
    } catch {
      return false;
    }
  }

  /* --- changes --- */
  function relevant(search) {
    const asked = new URLSearchParams(search);
    asked.delete("status");
    return asked.toString();
  }

  async function renew() {
    if (relevant(address) === relevant(location.search)) return;
    address = location.search;
    const reply = await fetch(location.href, { credentials: "same-origin" }).catch(() => null);
    if (!reply?.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.getElementById("outcomes");
    const section = document.getElementById("outcomes");
    if (!fresh || !section) return;
    fresh.open = section.open;
    section.replaceWith(document.adoptNode(fresh));
    document.getElementById("outcome-totals").replaceWith(document.adoptNode(page.getElementById("outcome-totals")));
    begin();
  }

  if (remembered()) document.getElementById("outcomes")?.setAttribute("open", "");
  begin();
  document.addEventListener("click", (event) => {
    if (event.target.closest("a[data-filter]")) setTimeout(renew, 0);
  });
  document.addEventListener("swf:theme", () => data && draw());
  let width = 0;
  window.addEventListener("resize", () => {
    const place = document.getElementById("outcome-plot");
    if (!place || place.clientWidth === width) return;
    width = place.clientWidth;
    draw();
  });
})();

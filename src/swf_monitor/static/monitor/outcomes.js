/* The plot "Completed jobs": stacked bars per outcome, or their running totals. Reads the JSON block that the page
   carries; when a filter of the table changes, the page is asked for again and the whole section replaced. */
(() => {
  const DRAWN = ["finished", "failed", "cancelled", "closed"];
  const HEIGHTS = { desk: 180, phone: 160 };
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

  function options(place) {
    const grid = { stroke: colour("--border"), width: 1 };
    const axis = { stroke: colour("--muted"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const bars = window.uPlot.paths.bars({ size: [0.85, 60], align: 1, gap: 1 });
    return {
      width: place.clientWidth,
      height: phone.matches ? HEIGHTS.phone : HEIGHTS.desk,
      tzDate: (moment) => window.uPlot.tzDate(new Date(moment * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.05)] } },
      axes: [
        axis,
        { ...axis, size: 56, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 100000], values: (_plot, ticks) => ticks.map((tick) => number.format(tick)) },
      ],
      series: [{}, ...[...DRAWN].reverse().map((status) => ({
        label: status,
        stroke: colour("--surface"),
        width: 1,
        fill: (own) => fillOf(status, own.ctx),
        paths: bars,
        points: { show: false },
      }))],
      hooks: { setCursor: [(own) => readout(own.cursor.idx)] },
    };
  }

  /* --- drawing --- */
  function readout(index) {
    const line = document.querySelector(".outcome-readout");
    if (line) line.textContent = index === null || index === undefined ? "" : words(index);
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
    const plotPlace = document.getElementById("outcome-plot");
    const line = Object.assign(document.createElement("p"), { className: "outcome-readout" });
    plotPlace.after(line);
    if (!data.bins.length) line.textContent = "No time in this window, so nothing to draw.";
    section.querySelector(".outcome-views").hidden = false;
    for (const button of section.querySelectorAll(".outcome-views button")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
      button.addEventListener("click", () => choose(button));
    }
    section.addEventListener("toggle", draw);
    draw();
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
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("outcomes");
    const section = document.getElementById("outcomes");
    if (!fresh || !section) return;
    fresh.open = section.open;
    section.replaceWith(document.adoptNode(fresh));
    begin();
  }

  if (phone.matches) document.getElementById("outcomes")?.removeAttribute("open");
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

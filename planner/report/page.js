"use strict";
// Draws the charts of the page from the data beside it. Every chart has its table below,
// so whatever goes wrong here, nothing is lost: the figure says so and its table opens.
(() => {
  const charts = JSON.parse(document.getElementById("data").textContent);
  const KINDS = { runway, bars, columns, dots, ranges, line };
  const again = [];

  for (const figure of document.querySelectorAll("figure[data-chart]")) {
    const chart = charts[figure.dataset.chart];
    const table = figure.nextElementSibling;
    try {
      again.push(KINDS[chart.kind](figure.querySelector(".plot"), chart.data, chart.title));
      figure.dataset.drawn = "yes";
      if (table?.matches("details[data-closed]")) table.open = false;
    } catch (error) {
      console.error(error);
      figure.querySelector(".plot").replaceChildren(element("p", {
        className: "failed", textContent: "This chart could not be drawn: see its table.",
      }));
    }
  }
  for (const details of document.querySelectorAll("details[data-closed]")) {
    if (!details.previousElementSibling?.matches("figure[data-chart]")) details.open = false;
  }

  let width = window.innerWidth;
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      for (const draw of again) draw();
    }, 150);
  });

  // Paper has no summary to click on: short tables are printed, long ones as they stand.
  const SHORT = 40;
  let opened = [];
  window.addEventListener("beforeprint", () => {
    paper.isOn = true;
    for (const draw of again) draw();
    opened = [...document.querySelectorAll("section > details:not([open])")].filter(
      (details) => details.querySelectorAll("tbody tr").length <= SHORT);
    for (const details of opened) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    paper.isOn = false;
    for (const draw of again) draw();
    for (const details of opened) details.open = false;
  });

  document.documentElement.dataset.drawn = "yes";
})();

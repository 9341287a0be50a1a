"use strict";
// Bars, dots, ranges and lines.

const long = (data) =>
  data.labels.flatMap((label, index) =>
    Object.entries(data.series).map(([series, values]) => ({
      label, series, value: values[index],
    }))).filter((item) => item.value > 0);

const sent = (item) => `${item.label}\n${item.series}: ${item.value}`;

const legend = (names) =>
  element("div", { className: "legend" }, ...names.map((name) => {
    const own = element("span", { textContent: name });
    own.style.setProperty("--swatch", COLOURS[name]);
    return own;
  }));

const colour = (data) => {
  const names = Object.keys(data.series);
  return { domain: names, range: names.map((name) => COLOURS[name]) };
};

const labelRoom = (labels, width) => {
  const most = Math.max(4, Math.floor((width * 0.42) / 7));
  const longest = Math.max(0, ...labels.map((label) => Math.min(label.length, most)));
  return { most, margin: 18 + 7 * longest };
};

// Draws now, on every change of width, and in full where a list is cut at first.
const redrawn = (box, number, draw) => {
  const state = { isWhole: number <= MOST_BARS };
  const show = () => {
    const drawn = draw(widthOf(box), state.isWhole ? number : MOST_BARS);
    if (!state.isWhole) {
      const more = element("button", {
        type: "button", className: "more", textContent: `Show all ${number}`,
      });
      more.addEventListener("click", () => {
        state.isWhole = true;
        show();
        box.tabIndex = -1;
        box.focus();
      });
      drawn.push(more);
    }
    box.replaceChildren(...drawn);
  };
  show();
  return show;
};

const bars = (box, data, title) =>
  redrawn(box, data.labels.length, (width, number) => {
    const labels = data.labels.slice(0, number);
    const shown = new Set(labels);
    const room = labelRoom(labels, width);
    const svg = plot(title, {
      width, height: 60 + 20 * labels.length, marginLeft: room.margin, marginBottom: BELOW,
      x: { label: data.unit, labelOffset: LABEL, grid: true },
      y: { label: null, domain: labels, tickFormat: (label) => shortened(label, room.most) },
      color: colour(data),
      marks: [
        Plot.barX(long(data).filter((item) => shown.has(item.label)), {
          x: "value", y: "label", fill: "series", order: Object.keys(data.series),
          insetTop: 1, insetBottom: 1, insetRight: 0.5, title: sent, tip: true,
        }),
        Plot.ruleX([0]),
      ],
    });
    return [legend(Object.keys(data.series)), svg];
  });

const columns = (box, data, title) =>
  redrawn(box, 0, (width) => [
    legend(Object.keys(data.series)),
    plot(title, {
      width: Math.min(width, 720), height: 260, marginLeft: 46,
      x: {
        label: null, domain: data.labels,
        tickFormat: (label) =>
          width < NARROW ? label.slice(0, 3) : `${label.slice(0, 3)} ${Number(label.slice(-2))}`,
      },
      y: { label: data.unit, grid: true },
      color: colour(data),
      marks: [
        Plot.barY(long(data), {
          x: "label", y: "value", fill: "series", order: Object.keys(data.series),
          insetTop: 0.5, title: sent, tip: true,
        }),
        Plot.ruleY([0]),
      ],
    }),
  ]);

const dots = (box, data, title) =>
  redrawn(box, 0, (width) => {
    const isLong = data.points.length > MOST_BARS;
    const labels = data.points.map((point) => point.label);
    const room = labelRoom(labels, width);
    const top = Math.max(1, ...data.points.map((point) => point.value));
    const channels = {
      x: "value", fill: "var(--request)",
      title: (point) => `${point.label}: ${asPercent(point.value)}`, tip: true,
    };
    return [plot(title, {
      width: isLong ? width : Math.min(width, 720),
      height: isLong ? 170 : 60 + 18 * labels.length,
      marginLeft: isLong ? 20 : room.margin, marginBottom: BELOW,
      x: {
        label: "load", labelOffset: LABEL, domain: [0, top], tickFormat: asPercent,
        grid: true, ticks: width < NARROW ? 5 : 10,
      },
      y: isLong
        ? { axis: null }
        : { label: null, domain: labels, tickFormat: (label) => shortened(label, room.most) },
      marks: isLong
        ? [Plot.dot(data.points, Plot.dodgeY({ ...channels, r: 4 }))]
        : [
            Plot.ruleY(data.points, {
              x1: 0, x2: "value", y: "label", stroke: "var(--line)", strokeWidth: 2,
            }),
            Plot.dot(data.points, { ...channels, y: "label", r: 5 }),
          ],
    })];
  });

const ranges = (box, data, title) =>
  redrawn(box, data.points.length, (width, number) => {
    const points = data.points.slice(0, number);
    const labels = points.map((point) => point.label);
    const room = labelRoom(labels, width);
    const said = data.percent ? asPercent : (value) => value.toFixed(2);
    const words = (point) =>
      `${point.label}\n${said(point.value)} (${said(point.low)} to ${said(point.high)})\n` +
      point.remark;
    return [plot(title, {
      width: Math.min(width, 820), height: 60 + 22 * labels.length,
      marginLeft: room.margin, marginRight: 52, marginBottom: BELOW,
      x: {
        label: data.unit ?? null, labelOffset: LABEL, grid: true,
        ticks: width < NARROW ? 4 : 8,
        ...(data.percent ? { domain: [0, 1], tickFormat: asPercent } : { zero: true }),
      },
      y: { label: null, domain: labels, tickFormat: (label) => shortened(label, room.most) },
      marks: [
        ...(data.bars
          ? [Plot.barX(points, {
              x: "value", y: "label", fill: "var(--band)", insetTop: 2, insetBottom: 2,
            })]
          : []),
        Plot.ruleY(points, {
          x1: "low", x2: "high", y: "label", stroke: "var(--request)", strokeWidth: 3,
        }),
        Plot.dot(points, {
          x: "value", y: "label", r: 4.5, fill: "var(--request)", stroke: "var(--surface)",
          title: words, tip: true,
        }),
        Plot.text(points, {
          x: (point) => Math.max(point.high, point.value), y: "label",
          text: (point) => said(point.value), textAnchor: "start", dx: 8,
        }),
      ],
    })];
  });

const line = (box, data, title) =>
  redrawn(box, 0, (width) => [plot(title, {
    width: Math.min(width, 560), height: 210, marginLeft: 52, marginRight: 30,
    marginBottom: BELOW,
    x: { label: data.x, labelOffset: LABEL, grid: width > NARROW },
    y: { label: null, tickFormat: asPercent, zero: true, grid: true },
    marks: [
      Plot.ruleY([0]),
      Plot.lineY(data.points, { x: "x", y: "y", stroke: "var(--request)", strokeWidth: 2 }),
      Plot.dot(data.points, {
        x: "x", y: "y", fill: "var(--request)", r: 4,
        title: (point) => `${point.x}: ${asPercent(point.y)}`, tip: true,
      }),
      Plot.text(data.points, { x: "x", y: "y", text: (p) => asPercent(p.y), dy: -12 }),
    ],
  })]);

"use strict";
// Draws the charts of the page from the data beside it. Every chart has its table below,
// so whatever goes wrong here, nothing is lost: the figure says so and its table opens.
(() => {
  const charts = JSON.parse(document.getElementById("data").textContent);
  const COLOURS = {
    "open InMails": "var(--open)",
    "paid InMails": "var(--paid)",
    "connection requests": "var(--request)",
    messages: "var(--message)",
  };
  const MOST_BARS = 40;
  const NARROW = 480;
  // Room below an axis that has a label: ticks and label do not meet.
  const BELOW = 40;
  const asPercent = (value) => `${Math.round(1000 * value) / 10}%`;

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  // Paper is as wide as an A4 or Letter page without its margins, whatever the window is.
  const paper = { width: 680, isOn: false };
  const widthOf = (box) => (paper.isOn ? paper.width : Math.max(280, box.clientWidth));

  const shortened = (text, most) =>
    text.length > most ? `${text.slice(0, most - 1)}\u2026` : text;

  // A plot as an image that a screen reader names once, instead of reading each tick.
  const plot = (label, options) => {
    const svg = Plot.plot({ ...options, ariaLabel: label });
    svg.setAttribute("role", "img");
    return svg;
  };

  // --- runway ----------------------------------------------------------------------

  const DAY = 24 * 3600 * 1000;

  const daysOf = (seat, start) =>
    seat.expected.map((expected, index) => ({
      date: new Date(start + index * DAY),
      expected,
      low: seat.low[index],
      high: seat.high[index],
      inmails: seat.inmails[index],
    }));

  const grantWords = ([, granted, lost]) =>
    lost > 0 ? `+${granted}, ${lost} forfeited` : `+${granted}`;

  const runwayMarks = (seat, days, start) => [
    Plot.ruleY([0]),
    Plot.areaY(days, {
      x: "date", y1: "low", y2: "high", fill: "var(--band)", curve: "step-after",
    }),
    Plot.ruleY([seat.reserve], { stroke: "var(--quiet)", strokeDasharray: "5 3" }),
    Plot.ruleX(seat.grants, {
      x: ([index]) => new Date(start + index * DAY),
      stroke: "var(--ink)", strokeDasharray: "1 3",
    }),
    Plot.lineY(days, {
      x: "date", y: "expected", stroke: "var(--request)", strokeWidth: 2,
      curve: "step-after",
    }),
  ];

  const runwayOf = (seat, start, width) => {
    const days = daysOf(seat, start);
    const most = Math.max(...seat.high, seat.reserve + 1);
    return plot(`Credits of seat ${seat.seat} by day`, {
      width, height: 260, marginLeft: 42, marginTop: 26,
      x: { type: "utc", label: null },
      y: { label: "credits", domain: [0, most * 1.05], grid: true, nice: true },
      marks: [
        ...runwayMarks(seat, days, start),
        Plot.text([seat.reserve], {
          y: (value) => value, frameAnchor: "right", textAnchor: "end", dy: -7,
          text: () => "reserve", fill: "var(--quiet)",
        }),
        Plot.text(seat.grants, {
          x: ([index]) => new Date(start + index * DAY), frameAnchor: "top",
          text: grantWords, dy: -14,
        }),
        Plot.tip(days, Plot.pointerX({
          x: "date", y: "expected",
          title: (day) => [
            day.date.toISOString().slice(0, 10),
            `expected ${day.expected}`,
            `band ${day.low} to ${day.high}`,
            `InMails ${day.inmails}`,
          ].join("\n"),
        })),
      ],
    });
  };

  const multipleOf = (seat, start) => {
    const days = daysOf(seat, start);
    const most = Math.max(...seat.high, seat.reserve + 1);
    const marked = seat.grants.length ? seat.grants[0][0] : days.length - 1;
    return plot(`Credits of seat ${seat.seat} by day, small`, {
      width: 210, height: 90, marginLeft: 28, marginRight: 8, marginTop: 6, marginBottom: 18,
      x: {
        type: "utc", label: null, tickFormat: d3.utcFormat("%-d %b"),
        ticks: [0, marked].map((index) => new Date(start + index * DAY)),
      },
      y: { label: null, domain: [0, most * 1.05], ticks: 3 },
      marks: runwayMarks(seat, days, start),
    });
  };

  const dayTable = (seat, start) => {
    const row = (cells, name) =>
      element("tr", {}, ...cells.map((cell, index) =>
        element(name, { className: index ? "n" : "", textContent: String(cell) })));
    const head = ["day", "expected", "low", "high", "InMails"];
    const body = daysOf(seat, start).map((day) => row(
      [day.date.toISOString().slice(0, 10), day.expected, day.low, day.high, day.inmails],
      "td"));
    const table = element("table", {},
      element("thead", {}, row(head, "th")), element("tbody", {}, ...body));
    const scroll = element("div", { className: "scroll", tabIndex: 0 }, table);
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `Seat ${seat.seat} by day`);
    return element("details", {},
      element("summary", { textContent: `Seat ${seat.seat} by day` }), scroll);
  };

  const runway = (box, data) => {
    const start = Date.parse(data.start);
    const seats = data.seats;
    const select = element("select", { id: "seat" }, ...seats.map((seat, index) =>
      element("option", { value: String(index), textContent: seat.seat })));
    const note = element("span");
    const large = element("div");
    const multiples = element("div", { className: "multiples" });
    const picked = { index: 0 };

    const show = (index) => {
      const wasOpen = large.querySelector("details")?.open ?? false;
      picked.index = index;
      const seat = seats[index];
      select.value = String(index);
      note.textContent = `runs out: ${seat.chance}, next reset ${seat.reset}`;
      large.replaceChildren(
        runwayOf(seat, start, widthOf(box)), dayTable(seat, start));
      large.querySelector("details").open = wasOpen;
      for (const own of multiples.children) {
        own.setAttribute("aria-pressed", String(Number(own.dataset.index) === index));
      }
    };
    const add = (from, to) => {
      seats.slice(from, to).forEach((seat, place) => {
        const index = from + place;
        const own = element("button", { type: "button", className: "multiple" },
          element("b", { textContent: seat.seat }), " ",
          element("span", { textContent: seat.chance }),
          multipleOf(seat, start));
        own.dataset.index = String(index);
        own.addEventListener("click", () => show(index));
        multiples.append(own);
      });
    };
    select.addEventListener("change", () => show(Number(select.value)));
    const picker = element("div", { className: "picker" },
      element("label", { htmlFor: "seat", textContent: "Seat" }), select, note);
    box.replaceChildren(picker, large, multiples);
    add(0, data.first);
    if (seats.length > data.first) {
      const more = element("button", {
        type: "button", className: "more", textContent: `Show all ${seats.length} seats`,
      });
      more.addEventListener("click", () => {
        more.remove();
        add(data.first, seats.length);
        show(picked.index);
      });
      box.append(more);
    }
    show(0);
    return () => show(picked.index);
  };

  // --- bars, dots, ranges, lines ---------------------------------------------------

  const long = (data) =>
    data.labels.flatMap((label, index) =>
      Object.entries(data.series).map(([series, values]) => ({
        label, series, value: values[index],
      }))).filter((item) => item.value > 0);

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
        x: { label: data.unit, labelOffset: BELOW, grid: true },
        y: { label: null, domain: labels, tickFormat: (label) => shortened(label, room.most) },
        color: colour(data),
        marks: [
          Plot.barX(long(data).filter((item) => shown.has(item.label)), {
            x: "value", y: "label", fill: "series", order: Object.keys(data.series),
            insetTop: 1, insetBottom: 1, insetRight: 0.5, tip: true,
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
          tickFormat: (label) => `${label.slice(0, 3)} ${Number(label.slice(-2))}`,
        },
        y: { label: data.unit, grid: true },
        color: colour(data),
        marks: [
          Plot.barY(long(data), {
            x: "label", y: "value", fill: "series", order: Object.keys(data.series),
            insetTop: 0.5, tip: true,
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
          label: "load", labelOffset: BELOW, domain: [0, top], tickFormat: asPercent,
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
          label: data.unit ?? null, labelOffset: BELOW, grid: true,
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
      x: { label: data.x, labelOffset: BELOW, grid: width > NARROW },
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

  // --- all of them -----------------------------------------------------------------

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

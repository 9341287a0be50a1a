"use strict";
// The runway: one seat large, with its days, and all seats small to pick one from.

const DAY = 24 * 3600 * 1000;

const daysOf = (seat, start) =>
  seat.expected.map((expected, index) => ({
    date: new Date(start + index * DAY),
    expected,
    low: seat.low[index],
    high: seat.high[index],
    inmails: seat.inmails[index],
  }));

// A step goes on to the next day: the last one lasts as long as the others.
const stepsOf = (days) => {
  const last = days.at(-1);
  return [...days, { ...last, date: new Date(last.date.getTime() + DAY) }];
};

const grantWords = ([, granted, lost]) =>
  lost > 0 ? `+${granted}, ${lost} forfeited` : `+${granted}`;

const runwayMarks = (seat, days, start) => [
  Plot.ruleY([0]),
  Plot.areaY(stepsOf(days), {
    x: "date", y1: "low", y2: "high", fill: "var(--band)", curve: "step-after",
  }),
  Plot.ruleY([seat.reserve], { stroke: "var(--quiet)", strokeDasharray: "5 3" }),
  Plot.ruleX(seat.grants, {
    x: ([index]) => new Date(start + index * DAY),
    stroke: "var(--ink)", strokeDasharray: "1 3",
  }),
  Plot.lineY(stepsOf(days), {
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
  note.setAttribute("aria-live", "polite");
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
      multiples.children[data.first].focus();
    });
    box.append(more);
  }
  show(0);
  return () => show(picked.index);
};

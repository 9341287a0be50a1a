"use strict";
// What all charts share: colours, sizes, and how an element is made.

const COLOURS = {
  "open InMails": "var(--open)",
  "paid InMails": "var(--paid)",
  "connection requests": "var(--request)",
  messages: "var(--message)",
};
const MOST_BARS = 40;
const NARROW = 480;
// Room below an axis that has a label, and where the label stands: clear of the ticks.
const BELOW = 44;
const LABEL = 36;
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

// A card with a small chart: the last values of a few series, each with its name and what it is now.

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 100];

const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};

function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export class Card {
  // `series` are names; `show` makes words of a value; `top` is the least height of the chart, or its only one.
  constructor(title, { series, show, top = 0, fixed = false, kept }) {
    Object.assign(this, { show, top, fixed, kept, values: series.map(() => []) });
    this.node = make("section", "card");
    const head = make("header");
    this.highest = make("span", "most");
    head.append(make("h3", "", title), this.highest);
    this.chart = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    this.chart.setAttribute("aria-label", title);
    const list = make("dl");
    this.now = series.map((name, at) => {
      const value = make("dd", "", "–");
      list.append(make("dt", `s${at}`, name), value);
      return value;
    });
    this.node.append(head, this.chart, list);
  }

  // One more value for each series; `null` is a gap.
  add(values) {
    values.forEach((value, at) => {
      const known = this.values[at];
      known.push(Number.isFinite(value) ? value : null);
      if (known.length > this.kept) known.shift();
      this.now[at].textContent = known.at(-1) === null ? "–" : this.show(known.at(-1));
    });
    this.paint();
  }

  paint() {
    const most = Math.max(this.top, ...this.values.flat().filter((value) => value !== null));
    const top = this.fixed ? this.top : most * 1.05 || 1;
    this.highest.textContent = this.fixed ? "" : `max ${this.show(most)}`;
    const base = draw("line", { class: "base", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT });
    this.chart.replaceChildren(base, ...this.values.map((values, at) => this.curve(values, at, top)));
  }

  // The newest value is at the right edge; where nothing is known, nothing is drawn. The first minute fills the chart.
  curve(values, at, top) {
    const step = WIDTH / (Math.max(values.length, this.kept / 5) - 1);
    const path = [];
    let isPen = false;
    values.forEach((value, n) => {
      if (value === null) {
        isPen = false;
        return;
      }
      const x = WIDTH - (values.length - 1 - n) * step;
      const y = HEIGHT - (Math.min(value, top) / top) * HEIGHT;
      path.push(`${isPen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`);
      // A value between two gaps is still a value.
      if (!isPen) path.push("h0.5");
      isPen = true;
    });
    return draw("path", { class: `curve s${at}`, d: path.join("") || "M0 0" });
  }

  alarm(is) {
    this.node.classList.toggle("alarm", is);
  }
}

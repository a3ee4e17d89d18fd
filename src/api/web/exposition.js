// Reads Prometheus' text format, and works out of two looks at it what happened in between.

// The samples of a text: by name, each with its labels.
export function parse(text) {
  const metrics = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const end = line.lastIndexOf(" ");
    const [, name, labels] = /^([^{]+)(?:\{(.*)\})?$/.exec(line.slice(0, end)) ?? [];
    if (!name) continue;
    const sample = { value: Number(line.slice(end + 1)), labels: {} };
    for (const [, label, value] of (labels ?? "").matchAll(/(\w+)="([^"]*)"/g)) sample.labels[label] = value;
    if (!metrics.has(name)) metrics.set(name, []);
    metrics.get(name).push(sample);
  }
  return metrics;
}

const fits = (labels, wanted) =>
  Object.entries(wanted).every(([label, value]) => (Array.isArray(value) ? value.includes(labels[label]) : labels[label] === value));

// The sum of a metric's samples with these labels.
export const sum = (metrics, name, wanted = {}) =>
  (metrics.get(name) ?? []).filter((sample) => fits(sample.labels, wanted)).reduce((all, sample) => all + sample.value, 0);

// Two looks, so many seconds apart.
export class Span {
  constructor(before, now, seconds) {
    Object.assign(this, { before, now, seconds });
    // A counter that fell is that of a process that has begun anew: nothing is known of the time in between.
    const began = (metrics) => sum(metrics, "process_start_time_seconds");
    this.isBroken = began(before) !== began(now);
  }

  // How far a counter went.
  grown(name, wanted) {
    return this.isBroken ? null : sum(this.now, name, wanted) - sum(this.before, name, wanted);
  }

  rate(name, wanted) {
    const grown = this.grown(name, wanted);
    return grown === null ? null : grown / this.seconds;
  }

  // One counter for each of another; nothing when there was none of the other.
  share(part, whole) {
    return part === null || !whole ? null : part / whole;
  }

  // The quantile of a histogram, in the middle of its bucket as Prometheus would guess it.
  quantile(q, name, wanted = {}) {
    if (this.isBroken) return null;
    const buckets = (this.now.get(`${name}_bucket`) ?? [])
      .filter((sample) => fits(sample.labels, wanted))
      .map(({ labels }) => ({
        up: labels.le === "+Inf" ? Infinity : Number(labels.le),
        count: this.grown(`${name}_bucket`, { ...wanted, le: labels.le }),
      }))
      .sort((a, b) => a.up - b.up);
    const all = buckets.at(-1)?.count ?? 0;
    if (all === 0) return null;
    const rank = q * all;
    const at = buckets.findIndex((bucket) => bucket.count >= rank);
    const [low, below] = at > 0 ? [buckets[at - 1].up, buckets[at - 1].count] : [0, 0];
    if (buckets[at].up === Infinity) return low;
    return low + (buckets[at].up - low) * ((rank - below) / (buckets[at].count - below));
  }
}

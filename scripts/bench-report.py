"""Prints the figures of the last benches beside their targets. Called by scripts/bench."""

import json
import operator
import pathlib
import re
import sys

SENSES = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}
# Figure (how its name begins), unit, and the bound that a good value keeps.
TARGETS = [
    ("decide", "us", "<", 50.0),
    ("understand", "us", "<", 200.0),
    ("a week", "us", "<", 2000.0),
    ("a year, 10 resources, 40000 appointments/a week in the middle", "us", "<", 2000.0),
    ("a_week_of_a_year_to_it_alone", "x", "<=", 2.0),
    ("turn_http_ratio", "x", ">=", 1.5),
    ("turn_http_p50", "ms", "<", 10.0),
    ("idle_conversation", "KB", "<", 12.0),
    ("start_to_first_answer", "ms", "<", 300.0),
    ("production_ratio_to_yardstick", "x", ">=", 3.0),
    ("production_share_of_echo_percent", "%", ">=", 20.0),
    ("production_p99_at_half_less_flush", "ms", "<", 15.0),
    ("production_fair_p99_ratio", "x", "<=", 1.5),
    ("production_overload_kept_percent", "%", ">=", 85.0),
    ("production_overload_recovery", "s", "<=", 5.0),
    ("production_growth_throughput_percent", "%", ">=", 85.0),
    ("production_growth_memory_percent", "%", "<=", 115.0),
    ("production_webhooks_model_p99", "ms", "<", 50.0),
    ("production_hot_pair_to_many", "x", ">=", 0.5),
    ("production_hot_pair_out_of_order", "answers", "<", 1.0),
    # None for a live actor; what is left are the sweeps, which do not grow with the messages.
    ("production_reads_per_message", "/message", "<", 0.01),
    ("production_writes_per_message", "/message", "<=", 1.0),
    ("production_memory_peak", "MiB", "<", 400.0),
    # A conversation that is not live costs its first turn one query more.
    ("production_cold_local_1_to_live", "x", "<=", 2.0),
    ("production_cold_shared_1_to_live", "x", "<=", 2.0),
    ("production_cold_durable_1_to_live", "x", "<=", 2.0),
    ("production_storm_redis_to_live", "x", ">=", 0.4),
    ("production_storm_database_to_live", "x", ">=", 0.4),
    # One for each conversation; what is left are the business and the sweeps.
    ("production_storm_redis_reads", "/conversation", "<=", 1.05),
    ("production_storm_database_reads", "/conversation", "<=", 1.05),
    ("production_storm_redis_memory", "MiB", "<", 400.0),
    ("production_storm_database_memory", "MiB", "<", 400.0),
    ("production_storm_errors", "answers", "<", 1.0),
    ("production_stop_took_longest", "ms", "<", 1000.0),
    ("production_stop_lost", "messages", "<", 1.0),
    ("production_stop_twice", "messages", "<", 1.0),
    ("production_stop_without_reply", "conversations", "<", 1.0),
    ("production_stop_failures", "answers", "<", 1.0),
    ("production_errors", "answers", "<", 1.0),
    # Of the model's time, beyond the queue that the bound on calls implies.
    ("llm_queued_p95_less_queue", "x", "<=", 1.3),
    ("llm_queued_calls_at_once", "calls", "<=", 200.0),
    ("llm_queued_memory_third_to_first", "x", "<=", 1.1),
    ("llm_free_p95_less_queue", "x", "<=", 1.3),
    ("llm_free_memory_third_to_first", "x", "<=", 1.1),
    ("llm_overhead_1_p50", "ms", "<", 3.0),
    ("llm_overhead_1_p99", "ms", "<", 15.0),
    ("llm_overhead_16_p50", "ms", "<", 3.0),
    ("llm_overhead_16_p99", "ms", "<", 15.0),
    ("llm_errors", "answers", "<", 1.0),
]

# Ratios of two of criterion's benches: the name, what is measured, and its yardstick.
RATIOS = [
    (
        "a_week_of_a_year_to_a_week",
        "a year, 10 resources, 40000 appointments/a week in the middle",
        "a week, 10 resources, 1000 appointments/one service",
    ),
    (
        "a_week_of_a_year_to_it_alone",
        "a year, 10 resources, 40000 appointments/a week in the middle",
        "a year, 10 resources, 40000 appointments/the same week in a calendar of its own",
    ),
    (
        "a_week_after_a_year_to_before",
        "a year, 10 resources, 40000 appointments/this week, after the whole year was looked through",
        "a year, 10 resources, 40000 appointments/this week",
    ),
]


def criterion(target):
    """Median of every criterion bench, in microseconds, by its id."""
    figures = {}
    for path in sorted(target.glob("criterion/**/new/estimates.json")):
        median_ns = json.loads(path.read_text())["median"]["point_estimate"]
        described = path.with_name("benchmark.json")
        name = json.loads(described.read_text()).get("full_id") if described.exists() else None
        name = name or "/".join(path.relative_to(target / "criterion").parts[:-2])
        figures[name] = (median_ns / 1000.0, "us")
    for name, measured, yardstick in RATIOS:
        if measured in figures and yardstick in figures:
            figures[name] = (figures[measured][0] / figures[yardstick][0], "x")
    return figures


def printed(target):
    """What benches printed as `figure: NAME VALUE UNIT`; the last one counts."""
    log = target / "bench.log"
    if not log.exists():
        return {}
    pattern = re.compile(r"^figure: (\S+) ([0-9.]+) (\S+)$", re.MULTILINE)
    return {name: (float(value), unit) for name, value, unit in pattern.findall(log.read_text(errors="replace"))}


def bound_of(name, unit):
    for prefix, target_unit, sense, bound in TARGETS:
        rest = name.removeprefix(prefix)
        if unit == target_unit and rest != name and not rest[:1].isalnum():
            return prefix, sense, bound
    return None, None, None


def main(target, strict):
    figures = criterion(target) | printed(target)
    met = missed = 0
    seen = set()
    print(f"\n{'figure':<44} {'value':>19}  {'target':>12}  verdict")
    for name, (value, unit) in figures.items():
        prefix, sense, bound = bound_of(name, unit)
        wanted = verdict = ""
        if prefix is not None:
            seen.add(prefix)
            good = SENSES[sense](value, bound)
            met, missed = met + good, missed + (not good)
            wanted, verdict = f"{sense} {bound:g}", "  met" if good else "  MISSED"
        print(f"{name:<44} {value:>10.2f} {unit:<8}  {wanted:>12}{verdict}")
    absent = [prefix for prefix, *_ in TARGETS if prefix not in seen]
    for prefix in absent:
        print(f"{prefix:<44} {'not measured':>19}")
    print(f"\n{met} targets met, {missed} missed, {len(absent)} not measured")
    return 1 if strict and (missed or absent) else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] == "yes"))

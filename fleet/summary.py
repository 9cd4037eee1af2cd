"""From a run's results to its figures."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist, fmean, median, quantiles, stdev

from fleet.config import RunConfig
from fleet.figures import (
    CLEARLY,
    Costs,
    Mean,
    Outcomes,
    PersonaFigures,
    Shares,
    Step,
    Summary,
    VariantSummary,
)
from fleet.results import Round, UserResult, failures

_BINS = (1, 10, 20, 40, 80, 160, 320)
_FEW = {1: 12.706, 2: 4.303}


def summarise(config: RunConfig, results: Sequence[UserResult]) -> Summary:
    """All variants of a run, as far as it is."""
    by_variant: dict[int, dict[int, UserResult]] = {number: {} for number in range(len(config.variants))}
    failed: dict[int, list[UserResult]] = {number: [] for number in by_variant}
    for result in results:
        if result.failed is None and result.rounds:
            by_variant[result.variant][result.user] = result
        else:
            failed[result.variant].append(result)
    variants = tuple(
        _variant(config, number, list(found.values()), by_variant[0] if number else {}, failed[number])
        for number, found in by_variant.items()
        if found
    )
    complete = sum(map(len, by_variant.values())) == config.users * len(config.variants)
    return Summary(config.users, config.updates, config.seed, config.bundle, config.task, complete, variants)


def gain_of(entry: Round) -> float:
    """What the head that serves after a round has right beyond the bundle's."""
    return entry.right_after - entry.right_base


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of some users' values."""
    mean, count = fmean(values), len(values)
    if count == 1:
        return Mean(round(mean, 5), None, None, 1)
    spread = student_t(count - 1) * stdev(values) / math.sqrt(count)
    return Mean(round(mean, 5), round(mean - spread, 5), round(mean + spread, 5), count)


def student_t(freedom: int) -> float:
    """How many standard errors of a mean 95 % lie within, for a sample of `freedom` + 1.

    From the normal quantile (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5), within 1 % from 3 on;
    below that the exact values.
    """
    if freedom in _FEW:
        return _FEW[freedom]
    z = NormalDist().inv_cdf(0.975)
    terms = (
        (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96, (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )  # fmt: skip
    return z + math.fsum(term / math.pow(freedom, power) for power, term in enumerate(terms, start=1))


def _variant(
    config: RunConfig,
    number: int,
    results: list[UserResult],
    first: dict[int, UserResult],
    failed: list[UserResult],
) -> VariantSummary:
    last = [result.rounds[-1] for result in results]
    rounds = [entry for result in results for entry in result.rounds]
    gains = [gain_of(entry) for entry in last]
    paired = [gain_of(r.rounds[-1]) - gain_of(first[r.user].rounds[-1]) for r in results if r.user in first]
    forgotten = sorted(round(100 * (entry.general_base - entry.general_after), 3) for entry in last)
    return VariantSummary(
        name=config.variants[number].name, users=len(results), failed=len(failed), failures=failures(failed),
        gain=mean_of(gains),
        against_first=mean_of(paired) if paired else None, shares=_shares(gains),
        own_version=_share(entry.version > 0 for entry in last),
        by_round=tuple(_by_round(config, results)), by_samples=tuple(_by_samples(results)),
        outcomes=tuple(_outcomes(config, results)),
        reasons=dict(Counter(reason for entry in rounds for reason in entry.reasons).most_common()),
        published=_count(rounds, "published"), rejected=_count(rounds, "rejected"),
        rolled_back=sum(entry.rolled_back for entry in rounds),
        made_worse=sum(e.outcome == "published" and e.right_after < e.right_before for e in rounds),
        forgotten=tuple(forgotten), forgotten_mean=round(fmean(forgotten), 3), forgotten_most=forgotten[-1],
        gains=tuple(sorted(round(gain, 5) for gain in gains)), personas=tuple(_personas(config, results)),
        costs=_costs(results),
    )  # fmt: skip


def _by_round(config: RunConfig, results: list[UserResult]) -> Iterable[Step]:
    for number in range(config.updates):
        yield _step(str(number + 1), [result.rounds[number] for result in results])


def _by_samples(results: list[UserResult]) -> Iterable[Step]:
    """Of each user the last round that lies in a range of samples."""
    ends = (*(start - 1 for start in _BINS[1:]), None)
    for start, end in zip(_BINS, ends, strict=True):
        found = []
        for result in results:
            inside = [e for e in result.rounds if e.samples >= start and (end is None or e.samples <= end)]
            found += inside[-1:]
        if found:
            yield _step(f"{start}-{end}" if end else f"{start}+", found)


def _step(name: str, entries: list[Round]) -> Step:
    gains = [gain_of(entry) for entry in entries]
    return Step(
        name, round(fmean(entry.samples for entry in entries), 1), mean_of(gains), _shares(gains),
        round(fmean(entry.right_base for entry in entries), 5), round(fmean(entry.right_after for entry in entries), 5),
    )  # fmt: skip


def _outcomes(config: RunConfig, results: list[UserResult]) -> Iterable[Outcomes]:
    for number in range(config.updates):
        entries = [result.rounds[number] for result in results]
        yield Outcomes(
            number + 1, _count(entries, "published"), _count(entries, "rejected"), _count(entries, "waiting"),
            sum(entry.rolled_back for entry in entries),
        )  # fmt: skip


def _personas(config: RunConfig, results: list[UserResult]) -> Iterable[PersonaFigures]:
    for persona in config.population.personas:
        found = [result for result in results if result.persona == persona.name]
        if not found:
            continue
        last = [result.rounds[-1] for result in found]
        rounds = [entry for result in found for entry in result.rounds]
        gains = [gain_of(entry) for entry in last]
        yield PersonaFigures(
            persona.name, persona.about, len(found), round(fmean(entry.samples for entry in last), 1),
            round(fmean(entry.right_base for entry in last), 5), round(fmean(entry.right_after for entry in last), 5),
            mean_of(gains), _shares(gains), _count(rounds, "published"), _count(rounds, "rejected"),
            sum(entry.rolled_back for entry in rounds),
            round(100 * fmean(entry.general_base - entry.general_after for entry in last), 3),
        )  # fmt: skip


def _costs(results: list[UserResult]) -> Costs | None:
    measured = [result.measured for result in results if result.measured is not None]
    if not measured:
        return None
    updates = [seconds for entry in measured for seconds in entry.training if seconds] or [0.0]
    p95 = quantiles(updates, n=20, method="inclusive")[-1] if len(updates) > 1 else updates[0]
    return Costs(
        seconds=round(fmean(entry.seconds for entry in measured), 3),
        cpu_seconds=round(fmean(entry.cpu_seconds for entry in measured), 3),
        update_median=round(median(updates), 4), update_p95=round(p95, 4),
        bytes_mean=round(fmean(entry.bytes for entry in measured)), bytes_most=max(entry.bytes for entry in measured),
        worker_peak_bytes=max(entry.worker_peak_bytes for entry in measured),
        tried_again=sum(entry.attempts > 1 for entry in measured),
    )  # fmt: skip


def _shares(gains: Sequence[float]) -> Shares:
    tests: tuple[Callable[[float], bool], ...] = (
        lambda gain: gain > 0, lambda gain: gain == 0, lambda gain: gain < 0,
        lambda gain: gain > CLEARLY, lambda gain: gain < -CLEARLY,
    )  # fmt: skip
    return Shares(*(_share(test(round(gain, 5)) for gain in gains) for test in tests))


def _share(truths: Iterable[bool]) -> float:
    values = list(truths)
    return round(sum(values) / len(values), 5)


def _count(entries: Iterable[Round], outcome: str) -> int:
    return sum(entry.outcome == outcome for entry in entries)

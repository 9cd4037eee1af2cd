"""The figures of a run, as a report shows them. Gains are shares of a user's judged texts beside the bundle's head."""

from dataclasses import dataclass

# A user is clearly off where the share differs by more than this.
CLEARLY = 0.05


@dataclass(frozen=True)
class Mean:
    """A mean over `count` users and the ends of its 95 % confidence interval (Student's t); one user has none."""

    mean: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True)
class Shares:
    """How users stand beside the bundle's head: shares of all, and of those who are so by more than `CLEARLY`."""

    better: float
    same: float
    worse: float
    clearly_better: float
    clearly_worse: float


@dataclass(frozen=True)
class Step:
    """All users after a round, or all that have given samples in a range."""

    name: str
    samples: float
    gain: Mean
    shares: Shares
    base: float
    personal: float


@dataclass(frozen=True)
class Outcomes:
    """What became of the updates of one round, as counts; `rolled_back` versions were taken back by the trial."""

    round: int
    published: int
    rejected: int
    waiting: int
    rolled_back: int


@dataclass(frozen=True)
class PersonaFigures:
    """The users of one persona at their end."""

    name: str
    about: str
    users: int
    samples: float
    base: float
    personal: float
    gain: Mean
    shares: Shares
    published: int
    rejected: int
    rolled_back: int
    forgotten: float


@dataclass(frozen=True)
class Costs:
    """What a device costs: seconds on the clock and of the processor a user, seconds an update, bytes on disk, and
    the most memory that one worker had; `tried_again` counts users that needed more than one attempt.
    """

    seconds: float
    cpu_seconds: float
    update_median: float
    update_p95: float
    bytes_mean: float
    bytes_most: int
    worker_peak_bytes: int
    tried_again: int


@dataclass(frozen=True)
class VariantSummary:
    """One variant. `failures` counts its failed users by reason; `against_first` is the gain beside the first
    variant's, of the same users; `forgotten` are points lost on the yardstick at the end, one a user.
    """

    name: str
    users: int
    failed: int
    failures: dict[str, int]
    gain: Mean
    against_first: Mean | None
    shares: Shares
    own_version: float
    by_round: tuple[Step, ...]
    by_samples: tuple[Step, ...]
    outcomes: tuple[Outcomes, ...]
    reasons: dict[str, int]
    published: int
    rejected: int
    rolled_back: int
    made_worse: int
    forgotten: tuple[float, ...]
    forgotten_mean: float
    forgotten_most: float
    gains: tuple[float, ...]
    personas: tuple[PersonaFigures, ...]
    costs: Costs | None


@dataclass(frozen=True)
class Summary:
    """A run; `complete` if every user of every variant has finished."""

    users: int
    updates: int
    seed: int
    bundle: str
    task: str
    complete: bool
    variants: tuple[VariantSummary, ...]

"""From what was asked for to a run: texts read, personas checked, every default settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from fleet.config import RunConfig, TextSource, difference
from fleet.errors import InvalidTexts, InvalidVariant, OtherRun, WrongInput
from fleet.features import SharedEncoder
from fleet.members import Membership, all_texts
from fleet.personas import Population, population_for, read_population
from fleet.texts import Corpus, read_corpus, shipped_corpus
from fleet.variants import parse_variants
from fleet.work import Setup
from model_store.bundle import Bundle
from model_store.manifest import TaskManifest
from model_store.signing import load_trusted_keys

MOST_DEVICES = 1_000_000
_MOST = {"topic": 5_000, "user": 20_000}
_MOST_EACH_USER = 460
_TRIED_FIRST = 20


@dataclass(frozen=True)
class Request:
    """What a run was asked to be; None is what the folder's run has or, in a new folder, the default."""

    bundle: Path
    trusted_keys: tuple[Path, ...] = ()
    users: int | None = None
    updates: int | None = None
    seed: int | None = None
    judged: int | None = None
    task: str | None = None
    personas: str | None = None
    texts: Path | None = None
    group: str | None = None
    each: Literal["topic", "user"] | None = None
    most: int | None = None
    varied: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run that can begin. `left_out` counts texts that the model can read nothing of."""

    config: RunConfig
    corpus: Corpus
    request: Request
    width: int
    left_out: int

    def setup(self, states: Path | None, keep_states: bool) -> Setup:
        """What the workers must know."""
        return Setup(
            self.config, self.corpus, tuple(all_texts(self.config, self.corpus)), self.request.bundle.resolve(),
            tuple(key.resolve() for key in self.request.trusted_keys), states, keep_states,
        )  # fmt: skip


def prepare(request: Request, kept: RunConfig | None) -> Prepared:
    """Read and check everything; `kept` is the config that the folder has.

    Raises:
        WrongInput: naming what is wrong. OtherRun: the folder's run has other texts. StoreError: the bundle can't be
            used.
    """
    bundle = Bundle.open(request.bundle, load_trusted_keys(request.trusted_keys))
    encoder = SharedEncoder(bundle)
    task = request.task or (kept.task if kept else "sentiment")
    spec = _updatable(bundle, task)
    seed = _first(request.seed, kept and kept.seed, 0)
    source = _source(request, kept)
    corpus, left_out = _readable(_corpus(source, spec.labels, seed), encoder)
    population = _population(request, kept, source, spec, corpus)
    drafted: dict[str, Any] = {
        "seed": seed,
        "updates": _first(request.updates, kept and kept.updates, 5),
        "judged": _first(request.judged, kept and kept.judged, 60),
        "task": task,
        "source": source,
        "corpus": corpus.digest,
        "bundle": f"{bundle.version}, base {bundle.manifest.base_id[:16]}, {bundle.manifest.signature.value[:16]}",
        "population": population,
        "variants": parse_variants(request.varied, spec) if request.varied or kept is None else kept.variants,
    }
    users = _first(request.users, kept and kept.users, None)
    _check_size(users or 1, len(drafted["variants"]))
    config = RunConfig(users=users or 1, **drafted)
    if kept is not None and kept.corpus != config.corpus:  # Its personas may be of other topics.
        raise OtherRun(f"the folder holds a run with {difference(kept, config)}: give the same, or another --out")
    members = Membership(config, corpus)
    if not members.groups:
        raise InvalidTexts(f"no group of the texts has {config.judged} to judge by and 10 to teach: lower --judged")
    if source.each == "user" and users is not None and users > len(members.groups):
        raise InvalidTexts(f"--users {users}: only {len(members.groups)} users of the texts have enough of them")
    if users is None:
        config = config.model_copy(update={"users": len(members.groups) if source.each == "user" else 100})
    for number in range(min(config.users, _TRIED_FIRST)):
        members.member(number)
    return Prepared(config, corpus, request, encoder.width, left_out)


def _check_size(users: int, variants: int) -> None:
    if users * variants > MOST_DEVICES:
        raise WrongInput(f"{users:,} users x {variants:,} variants: at most {MOST_DEVICES:,} devices are allowed")


def _first(asked: Any, kept: Any, default: Any) -> Any:
    return asked if asked is not None else kept if kept is not None else default


def _updatable(bundle: Bundle, task: str) -> TaskManifest:
    tasks = {name: spec for name, spec in bundle.manifest.tasks.items() if spec.updatable}
    if task not in tasks:
        raise InvalidVariant(f"{task!r} is no updatable task of the bundle; these are: {', '.join(sorted(tasks))}")
    return tasks[task]


def _source(request: Request, kept: RunConfig | None) -> TextSource:
    had = kept.source if kept else TextSource()
    path = request.texts.resolve() if request.texts else had.path
    group = _first(request.group, had.group, None)
    each = _first(request.each, had.each, None)
    if path is None and (group or each == "user"):
        raise InvalidTexts("--group and --each user are for texts of your own: give --texts too")
    if each == "user" and group is None:
        raise InvalidTexts("--each user needs the field that names the user: give --group too")
    return TextSource(path=path, group=group, each=each, most=_first(request.most, kept and had.most, _MOST[each]))


def _corpus(source: TextSource, labels: tuple[str, ...], seed: int) -> Corpus:
    if source.path is None:
        return shipped_corpus(labels)
    each = _MOST_EACH_USER if source.each == "user" else source.most
    return read_corpus(source.path, labels, source.group, source.most, each, seed)


def _readable(corpus: Corpus, encoder: SharedEncoder) -> tuple[Corpus, int]:
    texts = tuple(text for text in corpus.texts if encoder.reads(text.text))
    return Corpus(texts), corpus.left_out + len(corpus.texts) - len(texts)


def _population(
    request: Request, kept: RunConfig | None, source: TextSource, spec: TaskManifest, corpus: Corpus
) -> Population:
    if request.personas is None and kept is not None:
        return kept.population
    usual = "default" if source.path is None else "own" if source.each == "user" else "any"
    population = read_population(request.personas or usual)
    topics = () if source.each == "user" else corpus.groups
    return population_for(population, spec.labels, topics)

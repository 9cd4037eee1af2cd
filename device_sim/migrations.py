"""The schema's history. A migration, once released, is never edited; a new one is appended.

Statements end with a semicolon at the end of a line. `generation` counts moves of active pointers; the key store's
counter follows it. `version_samples.sample_id` is no foreign key on purpose: which samples a version learnt from must
still be known when the sample is gone. `updates.up_to` is the newest sample that an update was offered.
"""

_FIRST = """
CREATE TABLE generation (value INTEGER NOT NULL);
INSERT INTO generation VALUES (1);
CREATE TABLE consent (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    personalization INTEGER NOT NULL,
    cloud_assist INTEGER NOT NULL,
    since TEXT NOT NULL
);
CREATE TABLE samples (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    task TEXT NOT NULL,
    text TEXT,
    text_digest BLOB NOT NULL,
    label TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'used', 'set_aside')),
    features BLOB NOT NULL,
    base_id TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX samples_by_state ON samples (task, state);
CREATE INDEX samples_by_text ON samples (task, text_digest);
CREATE TABLE versions (
    task TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    parent INTEGER NOT NULL,
    base_id TEXT NOT NULL,
    labels TEXT NOT NULL,
    bundle_version TEXT NOT NULL,
    state TEXT NOT NULL,
    sha256 TEXT,
    metrics TEXT NOT NULL,
    update_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    parameters BLOB,
    PRIMARY KEY (task, number)
);
CREATE TABLE version_samples (
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    sample_id INTEGER NOT NULL,
    PRIMARY KEY (task, number, sample_id),
    FOREIGN KEY (task, number) REFERENCES versions (task, number)
) WITHOUT ROWID;
CREATE INDEX versions_by_sample ON version_samples (sample_id);
CREATE TABLE active_versions (
    task TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE trials (
    task TEXT NOT NULL,
    number INTEGER NOT NULL,
    sample_id INTEGER NOT NULL,
    version_right INTEGER NOT NULL,
    parent_right INTEGER NOT NULL,
    PRIMARY KEY (task, number, sample_id),
    FOREIGN KEY (task, number) REFERENCES versions (task, number)
) WITHOUT ROWID;
CREATE TABLE updates (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    trigger TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    version INTEGER,
    up_to INTEGER,
    parameters TEXT NOT NULL,
    metrics TEXT NOT NULL,
    reasons TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    task TEXT,
    version_from INTEGER,
    version_to INTEGER,
    detail TEXT NOT NULL
);
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    fingerprint BLOB NOT NULL,
    sample_id INTEGER NOT NULL,
    task TEXT NOT NULL,
    pending INTEGER NOT NULL
);
"""

# The insight assistant. `thoughts.mood` is the probability of a positive feeling less that of a negative one.
_INSIGHTS = """
CREATE TABLE thoughts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    intent TEXT NOT NULL,
    sentiment TEXT NOT NULL,
    direction TEXT NOT NULL,
    entities TEXT NOT NULL,
    mood REAL NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE offers (
    thought_id INTEGER NOT NULL REFERENCES thoughts (id),
    place INTEGER NOT NULL,
    insight_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    title TEXT NOT NULL,
    at TEXT NOT NULL,
    reaction TEXT CHECK (reaction IN ('like', 'dismiss')),
    reacted_at TEXT,
    done_at TEXT,
    sample_id INTEGER,
    PRIMARY KEY (thought_id, insight_id)
) WITHOUT ROWID;
CREATE INDEX offers_by_insight ON offers (insight_id);
CREATE TABLE goals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    thought_id INTEGER REFERENCES thoughts (id),
    text TEXT NOT NULL,
    direction TEXT,
    created_at TEXT NOT NULL,
    done_at TEXT
);
CREATE TABLE own_insights (
    id TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE knowledge (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    content TEXT NOT NULL,
    installed_at TEXT NOT NULL
);
"""

# The phone's own calendar, contacts and notes, and the ledger of what left the device. `uid` is what an imported file
# calls an entry. A whole-day event has dates for `starts` and `ends`, so that it stays at midnight in any zone; others
# have instants in UTC. The tables of words hold what `device_sim.personal.words` makes of a text; `secure-delete` takes
# the words of a deleted text out of the index at once. Note features are derived: they can be made again.
_PERSONAL = """
CREATE TABLE calendar (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT UNIQUE,
    title TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    whole_day INTEGER NOT NULL,
    place TEXT,
    people TEXT NOT NULL
);
CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT UNIQUE,
    name TEXT NOT NULL,
    aliases TEXT NOT NULL,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    organisation TEXT
);
CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT UNIQUE,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE TABLE note_features (
    note_id INTEGER PRIMARY KEY REFERENCES notes (id) ON DELETE CASCADE,
    base_id TEXT NOT NULL,
    features BLOB NOT NULL
);
CREATE VIRTUAL TABLE calendar_words USING fts5 (title, rest, tokenize = 'ascii');
INSERT INTO calendar_words (calendar_words, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE note_words USING fts5 (title, rest, tokenize = 'ascii');
INSERT INTO note_words (note_words, rank) VALUES ('secure-delete', 1);
CREATE TABLE egress (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at TEXT NOT NULL,
    purpose TEXT NOT NULL,
    consent_since TEXT NOT NULL,
    host TEXT NOT NULL,
    model TEXT NOT NULL,
    body BLOB NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER,
    answered_at TEXT
);
CREATE INDEX egress_by_request ON egress (request_id);
"""

MIGRATIONS = (_FIRST, _INSIGHTS, _PERSONAL)

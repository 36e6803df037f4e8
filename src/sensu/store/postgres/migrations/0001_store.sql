-- widen
-- Namespaces, and the entities of events, are kept with a '/' at their end, so that the unique indexes are in the order in
-- which lists are promised: byte order of `namespace/name` and of `namespace/entity/check`.

-- One row for each start of a backend. Every commit raises `commits` from the number that the writer knows, so that a
-- backend whose seat was taken, or whose last commits are missing, writes nothing more. The bytes are those by which the
-- commits of the seat changed the size of the histories; their sums over all seats are the sizes.
CREATE TABLE seats (
    id bigint PRIMARY KEY,
    session text COLLATE "C" NOT NULL,
    host text COLLATE "C" NOT NULL,
    commits bigint NOT NULL DEFAULT 0,
    results_bytes bigint NOT NULL,
    changes_bytes bigint NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT now(),
    gone_at timestamptz,
    why text COLLATE "C"
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000);

-- Apart from the seats, because a sign of life must not wait for a commit of the same seat.
CREATE TABLE beats (
    seat bigint PRIMARY KEY,
    beat bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000);

-- Numbers up to a value are in use or may be; each backend takes them in blocks.
CREATE TABLE numbers (
    name text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO numbers (name, value) VALUES ('revision', 0), ('event', 0), ('delivery', 0), ('seat', 0), ('forgotten', 0);

CREATE TABLE resources (
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    etag text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    body bytea COMPRESSION lz4 NOT NULL,
    shown bytea COMPRESSION lz4,
    PRIMARY KEY (kind, namespace, name)
) WITH (fillfactor = 70);

CREATE TABLE counts (
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (kind, namespace)
) WITH (fillfactor = 50);

-- No index has a column that a result changes, so that replacing an event touches none.
CREATE TABLE events (
    id bigint PRIMARY KEY,
    slot smallint NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    check_name text COLLATE "C" NOT NULL,
    due_at double precision,
    last_result bigint,
    last_change bigint,
    body bytea COMPRESSION lz4 NOT NULL,
    UNIQUE (namespace, entity, check_name)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_limit = 2000);

ALTER TABLE events ALTER body SET STORAGE MAIN;
CREATE INDEX events_by_slot ON events (slot);

-- By what lists of events are sorted, filtered and counted. Results that repeat the state of their event change nothing
-- here. `severity`: 0 critical, 1 warning, 2 unknown, 3 passing; `since`: when it last changed, in Unix seconds; the flags
-- are 0 or 1; `revision`: that of the last change.
CREATE TABLE event_states (
    id bigint PRIMARY KEY,
    slot smallint NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    check_name text COLLATE "C" NOT NULL,
    severity smallint NOT NULL,
    since bigint NOT NULL,
    silenced smallint NOT NULL,
    flapping smallint NOT NULL,
    overdue smallint NOT NULL,
    revision bigint NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX event_states_by_severity ON event_states (namespace, severity, since DESC, id, silenced);
CREATE INDEX event_states_by_change ON event_states (namespace, since DESC, id, severity, silenced);
CREATE INDEX event_states_by_name ON event_states (namespace, entity, check_name, severity, silenced);
CREATE INDEX event_states_by_revision ON event_states (namespace, revision);
CREATE INDEX event_states_silenced ON event_states (namespace, id) WHERE silenced = 1;

-- By slot, so that backends that own different slots never wait for each other.
CREATE TABLE event_counts (
    slot smallint NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    severity smallint NOT NULL,
    silenced smallint NOT NULL,
    flapping smallint NOT NULL,
    overdue smallint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (slot, namespace, severity, silenced, flapping, overdue)
) WITH (fillfactor = 50);

-- The last events that were deleted, for clients that follow lists.
CREATE TABLE events_gone (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    check_name text COLLATE "C" NOT NULL,
    revision bigint NOT NULL
);

CREATE INDEX events_gone_by_revision ON events_gone (namespace, revision);

-- The results of events, and apart from them the state changes. Ids grow with time over both tables; each entry has the id
-- of the one before it of the same event, so that writing touches no index of events.
CREATE TABLE results (
    id bigint PRIMARY KEY,
    previous bigint,
    at bigint NOT NULL,
    body bytea COMPRESSION lz4 NOT NULL
);

-- `delivery` is the number of the first delivery that can belong to the state change; `handled` is NULL while nothing is
-- known of how it was handled.
CREATE TABLE changes (
    id bigint PRIMARY KEY,
    previous bigint,
    at bigint NOT NULL,
    delivery bigint NOT NULL,
    body bytea COMPRESSION lz4 NOT NULL,
    handled bytea COMPRESSION lz4
);

CREATE TABLE deliveries_owed (
    id bigint PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    due_at double precision NOT NULL,
    attempts bigint NOT NULL,
    change bigint NOT NULL,
    rest bytea NOT NULL,
    event bytea COMPRESSION lz4 NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE deliveries_dead (
    id bigint PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    due_at double precision NOT NULL,
    attempts bigint NOT NULL,
    change bigint NOT NULL,
    rest bytea NOT NULL,
    event bytea COMPRESSION lz4 NOT NULL,
    why text COLLATE "C" NOT NULL
);

CREATE INDEX deliveries_dead_by_namespace ON deliveries_dead (namespace);

CREATE TABLE states (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
);

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at double precision NOT NULL,
    body bytea COMPRESSION lz4 NOT NULL
);

CREATE INDEX audit_by_time ON audit (at);

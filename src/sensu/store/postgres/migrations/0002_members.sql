-- narrow
-- Several backends use the database at the same time: each is a seat, and owns some of the slots.

-- `joined`: whether the backend takes part; commands that only use the database for a moment do not. The others connect to
-- it at `url`, and accept it by its certificate (in DER). `takes_slots`: it has started, and does not end.
-- `revision`: that of its last commit.
ALTER TABLE seats
    ADD COLUMN name text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN url text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN certificate bytea NOT NULL DEFAULT '',
    ADD COLUMN protocol_min integer NOT NULL DEFAULT 1,
    ADD COLUMN protocol_max integer NOT NULL DEFAULT 1,
    ADD COLUMN joined boolean NOT NULL DEFAULT false,
    ADD COLUMN takes_slots boolean NOT NULL DEFAULT false,
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;

-- What a backend tells with each sign of life: the revision up to which it knows all changes of resources (`read_to`), the
-- pending deliveries of its slots, the seats that it does not reach, and the number that all its later commits exceed.
ALTER TABLE beats
    ADD COLUMN read_to bigint NOT NULL DEFAULT 0,
    ADD COLUMN owed bigint NOT NULL DEFAULT 0,
    ADD COLUMN owed_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN unreached bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN settled bigint NOT NULL DEFAULT 0;

-- The owner of each slot. An owner gives a slot up for another seat (`wanted_by`), or loses it with its seat; `epoch` grows
-- with each claim.
CREATE TABLE slots (
    slot smallint PRIMARY KEY,
    seat bigint,
    wanted_by bigint,
    epoch bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO slots (slot, epoch) SELECT number, 0 FROM generate_series(0, 63) AS number;

-- Grows with each change of the table of slots.
INSERT INTO numbers (name, value) VALUES ('map', 0);

-- The revision of the last change of a resource, and that before the last group of changes. Its lock puts the changes in
-- order. The change log begins after `trimmed`.
CREATE TABLE revision (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    revision bigint NOT NULL,
    previous bigint NOT NULL,
    trimmed bigint NOT NULL
) WITH (fillfactor = 10);

INSERT INTO revision (revision, previous, trimmed) SELECT value, value, value FROM numbers WHERE name = 'revision';
DELETE FROM numbers WHERE name = 'revision';

-- The keys of changed resources, for the backends that did not change them.
CREATE TABLE change_log (
    revision bigint NOT NULL,
    part integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (revision, part)
);

-- widen
-- What happened in each namespace, in steps of a minute and of a quarter of an hour; `incidents` is the greatest number of
-- the step, all else are sums. By seat, so that backends never wait for each other.
CREATE TABLE activity (
    namespace text COLLATE "C" NOT NULL,
    step smallint NOT NULL,
    at bigint NOT NULL,
    seat bigint NOT NULL,
    incidents bigint NOT NULL,
    changes bigint NOT NULL,
    events bigint NOT NULL,
    delivered bigint NOT NULL,
    failed bigint NOT NULL,
    PRIMARY KEY (namespace, step, at, seat)
) WITH (fillfactor = 70);

-- When agents connected to a backend, and when and why their connections ended.
CREATE TABLE connections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    entity text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    connected boolean NOT NULL,
    backend text COLLATE "C" NOT NULL,
    why text COLLATE "C" NOT NULL
);

CREATE INDEX connections_by_entity ON connections (namespace, entity, id);

-- narrow
-- The dictionaries of compressed bodies: a body of `events`, `deliveries_owed`, `deliveries_dead` and `audit` is the JSON itself,
-- or a zstd frame, which has the `id` of its dictionary. The one with the greatest number of its kind is in use; none is
-- deleted, so that all bodies stay readable.
CREATE TABLE dictionaries (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id bigint NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL,
    body bytea NOT NULL
);

-- The dictionaries of compressed bodies: a body of `events`, `deliveries_owed`, `deliveries_dead` and `audit` is the JSON itself,
-- or a zstd frame, which has the `id` of its dictionary. The one with the greatest number of its kind is in use; none is
-- deleted, so that all bodies stay readable.
CREATE TABLE dictionaries (
    number INTEGER PRIMARY KEY,
    id INTEGER NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TRIGGER add_dictionary INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 27 BEGIN
    INSERT OR IGNORE INTO dictionaries (id, kind, body) VALUES (NEW.id, NEW.part1, NEW.body);
END;

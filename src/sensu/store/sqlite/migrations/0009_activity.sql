-- What happened in each namespace, in steps of a minute and of a quarter of an hour; `incidents` is the greatest number of
-- the step, all else are sums.
CREATE TABLE activity (
    namespace TEXT NOT NULL,
    step INTEGER NOT NULL,
    at INTEGER NOT NULL,
    incidents INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    events INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (namespace, step, at)
) WITHOUT ROWID;

-- When agents connected to a backend, and when and why their connections ended.
CREATE TABLE connections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    entity TEXT NOT NULL,
    at INTEGER NOT NULL,
    connected INTEGER NOT NULL,
    backend TEXT NOT NULL,
    why TEXT NOT NULL
);

CREATE INDEX connections_by_entity ON connections (namespace, entity, id);

CREATE TRIGGER count_minute INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 23 BEGIN
    INSERT INTO activity (namespace, step, at, incidents, changes, events, delivered, failed)
        VALUES (NEW.part1, 60, NEW.id, NEW.due_at, NEW.part2, NEW.part3, NEW.part4, NEW.part5)
        ON CONFLICT DO UPDATE SET incidents = max(incidents, excluded.incidents), changes = changes + excluded.changes,
            events = events + excluded.events, delivered = delivered + excluded.delivered, failed = failed + excluded.failed;
END;

CREATE TRIGGER count_quarter INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 24 BEGIN
    INSERT INTO activity (namespace, step, at, incidents, changes, events, delivered, failed)
        VALUES (NEW.part1, 900, NEW.id, NEW.due_at, NEW.part2, NEW.part3, NEW.part4, NEW.part5)
        ON CONFLICT DO UPDATE SET incidents = max(incidents, excluded.incidents), changes = changes + excluded.changes,
            events = events + excluded.events, delivered = delivered + excluded.delivered, failed = failed + excluded.failed;
END;

CREATE TRIGGER note_connection INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 25 BEGIN
    INSERT INTO connections (namespace, entity, at, connected, backend, why)
        VALUES (NEW.part1, NEW.part2, NEW.id, NEW.part3, NEW.part4, NEW.part5);
END;

CREATE TRIGGER trim_activity INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 26 BEGIN
    DELETE FROM activity WHERE at < CASE step WHEN 60 THEN NEW.id ELSE NEW.part1 END;
    DELETE FROM connections WHERE at < NEW.part2 OR id <= (SELECT max(id) FROM connections) - NEW.part3;
END;

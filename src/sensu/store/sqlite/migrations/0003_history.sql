-- The results of events, and apart from them those that changed an event's state: two logs that grow at one end and are
-- trimmed at the other. An id is a position in its log, in bytes, so that what a log holds is known by a subtraction.
-- Each entry names the one before it of the same event: writing one touches no index, and reading follows the chain.
ALTER TABLE events ADD COLUMN last_result INTEGER;
ALTER TABLE events ADD COLUMN last_change INTEGER;

CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    previous INTEGER,
    at INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- `behind` is the newest position in the log of results when the state changed: their order among each other.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    previous INTEGER,
    at INTEGER NOT NULL,
    behind INTEGER NOT NULL,
    body BLOB NOT NULL
);

-- The most frequent write of all: an event that has the state it had.
CREATE TRIGGER update_event_with_result INSTEAD OF INSERT ON writes WHEN NEW.op = 0 BEGIN
    INSERT INTO results (id, previous, at, body)
        VALUES (NEW.part1, (SELECT last_result FROM events WHERE id = NEW.id), NEW.part2, NEW.part3);
    UPDATE events SET due_at = NEW.due_at, body = NEW.body, last_result = NEW.part1 WHERE id = NEW.id;
END;

CREATE TRIGGER append_result INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 13 BEGIN
    INSERT INTO results (id, previous, at, body)
        VALUES (NEW.part1, (SELECT last_result FROM events WHERE id = NEW.id), NEW.part2, NEW.part3);
    UPDATE events SET last_result = NEW.part1 WHERE id = NEW.id;
END;

CREATE TRIGGER append_change INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 14 BEGIN
    INSERT INTO changes (id, previous, at, behind, body)
        VALUES (NEW.part1, (SELECT last_change FROM events WHERE id = NEW.id), NEW.part2, NEW.part4, NEW.part3);
    UPDATE events SET last_change = NEW.part1 WHERE id = NEW.id;
END;

-- The newest entry stays, so that no position is ever given out again.
CREATE TRIGGER trim_results INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 15 BEGIN
    DELETE FROM results WHERE id IN (SELECT id FROM results ORDER BY id LIMIT NEW.part1)
        AND id < (SELECT max(id) FROM results)
        AND (at < NEW.due_at OR id <= (SELECT max(id) FROM results) - NEW.id);
END;

CREATE TRIGGER trim_changes INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 16 BEGIN
    DELETE FROM changes WHERE id IN (SELECT id FROM changes ORDER BY id LIMIT NEW.part1)
        AND id < (SELECT max(id) FROM changes)
        AND (at < NEW.due_at OR id <= (SELECT max(id) FROM changes) - NEW.id);
END;

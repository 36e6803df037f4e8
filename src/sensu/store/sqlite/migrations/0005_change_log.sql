-- What was written, in order, for the other processes that share the database; nothing where there is one only.
-- Of an event the kind is empty. What stands there is read from the tables, so that it is the newest.
CREATE TABLE change_log (
    id INTEGER PRIMARY KEY,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    check_name TEXT NOT NULL
);

CREATE TRIGGER log_change INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 17 BEGIN
    INSERT INTO change_log (id, revision, kind, namespace, name, check_name)
        VALUES (NEW.id, NEW.part1, NEW.part2, NEW.part3, NEW.part4, NEW.part5);
END;

CREATE TRIGGER trim_change_log INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 18 BEGIN
    DELETE FROM change_log WHERE id <= NEW.id;
END;

-- Processes that share the database raise the ceilings in any order.
DROP TRIGGER raise_ceiling;
CREATE TRIGGER raise_ceiling INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 10 BEGIN
    INSERT INTO ceilings (name, value) VALUES (NEW.part1, NEW.id)
        ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value);
END;

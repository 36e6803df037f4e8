-- How many deliveries of each namespace are pending, and how many are dead letters; rows whose numbers are 0 go.
CREATE TABLE delivery_counts (
    namespace TEXT PRIMARY KEY,
    owed INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

INSERT INTO delivery_counts (namespace, owed, dead)
    SELECT namespace, sum(owed), sum(dead) FROM (
        SELECT namespace, 1 AS owed, 0 AS dead FROM deliveries_owed
        UNION ALL SELECT namespace, 0, 1 FROM deliveries_dead
    ) GROUP BY namespace;

CREATE TRIGGER count_owed AFTER INSERT ON deliveries_owed BEGIN
    INSERT INTO delivery_counts (namespace, owed) VALUES (NEW.namespace, 1)
        ON CONFLICT DO UPDATE SET owed = owed + 1;
END;

CREATE TRIGGER count_owed_no_more AFTER DELETE ON deliveries_owed BEGIN
    UPDATE delivery_counts SET owed = owed - 1 WHERE namespace = OLD.namespace;
    DELETE FROM delivery_counts WHERE namespace = OLD.namespace AND owed = 0 AND dead = 0;
END;

CREATE TRIGGER count_dead AFTER INSERT ON deliveries_dead BEGIN
    INSERT INTO delivery_counts (namespace, dead) VALUES (NEW.namespace, 1)
        ON CONFLICT DO UPDATE SET dead = dead + 1;
END;

CREATE TRIGGER count_dead_no_more AFTER DELETE ON deliveries_dead BEGIN
    UPDATE delivery_counts SET dead = dead - 1 WHERE namespace = OLD.namespace;
    DELETE FROM delivery_counts WHERE namespace = OLD.namespace AND owed = 0 AND dead = 0;
END;

-- Replacing a row would not tell the triggers of the row that goes.
DROP TRIGGER give_up_delivery;
CREATE TRIGGER give_up_delivery INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 8 BEGIN
    DELETE FROM deliveries_dead WHERE id = NEW.id AND EXISTS (SELECT 1 FROM deliveries_owed WHERE id = NEW.id);
    INSERT INTO deliveries_dead (id, namespace, due_at, attempts, why, rest, event, change)
        SELECT id, namespace, due_at, attempts, NEW.part1, rest, event, change FROM deliveries_owed WHERE id = NEW.id;
    DELETE FROM deliveries_owed WHERE id = NEW.id;
END;

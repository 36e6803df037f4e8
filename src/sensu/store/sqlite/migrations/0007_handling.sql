-- How the events of a state change were handled is kept with it. `delivery` is a number that is as large as the id of the
-- first delivery that belongs to the state change, and larger than that of every delivery before; NULL where the state
-- change is older than this column. `handled` is NULL as long as nothing is known, and empty if nobody handles it.
ALTER TABLE changes ADD COLUMN delivery INTEGER;
ALTER TABLE changes ADD COLUMN handled BLOB;

-- The `delivery` of the state change that a delivery belongs to, 0 where it is not known.
ALTER TABLE deliveries_owed ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries_dead ADD COLUMN change INTEGER NOT NULL DEFAULT 0;

DROP TRIGGER append_change;
CREATE TRIGGER append_change INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 14 BEGIN
    INSERT INTO changes (id, previous, at, behind, body, delivery, handled)
        VALUES (NEW.part1, (SELECT last_change FROM events WHERE id = NEW.id), NEW.part2, NEW.part4, NEW.part3, NEW.part5,
            NEW.body);
    UPDATE events SET last_change = NEW.part1 WHERE id = NEW.id;
END;

DROP TRIGGER owe_delivery;
CREATE TRIGGER owe_delivery INSTEAD OF INSERT ON writes WHEN NEW.op = 2 BEGIN
    INSERT INTO deliveries_owed (id, namespace, due_at, attempts, rest, event, change)
        VALUES (NEW.id, NEW.part1, NEW.due_at, NEW.part2, NEW.part3, NEW.body, NEW.part4)
        ON CONFLICT (id) DO UPDATE SET namespace = excluded.namespace, due_at = excluded.due_at,
            attempts = excluded.attempts, rest = excluded.rest, event = excluded.event, change = excluded.change;
    DELETE FROM deliveries_dead WHERE id = NEW.id;
END;

DROP TRIGGER give_up_delivery;
CREATE TRIGGER give_up_delivery INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 8 BEGIN
    INSERT OR REPLACE INTO deliveries_dead (id, namespace, due_at, attempts, why, rest, event, change)
        SELECT id, namespace, due_at, attempts, NEW.part1, rest, event, change FROM deliveries_owed WHERE id = NEW.id;
    DELETE FROM deliveries_owed WHERE id = NEW.id;
END;

CREATE TRIGGER note_handling INSTEAD OF INSERT ON rare_writes WHEN NEW.op = 22 BEGIN
    UPDATE changes SET handled = NEW.body WHERE id = (
        WITH RECURSIVE chain (id, previous, delivery) AS (
            SELECT c.id, c.previous, coalesce(c.delivery, 1) FROM events AS e JOIN changes AS c ON c.id = e.last_change
                WHERE e.namespace = NEW.part1 AND e.entity = NEW.part2 AND e.check_name = NEW.part3
            UNION ALL
            SELECT c.id, c.previous, coalesce(c.delivery, 1) FROM chain AS h JOIN changes AS c ON c.id = h.previous
                WHERE h.delivery > NEW.id
        )
        SELECT id FROM chain WHERE delivery <= NEW.id LIMIT 1
    );
    UPDATE event_states SET revision = NEW.part4
        WHERE namespace = NEW.part1 AND entity = NEW.part2 AND check_name = NEW.part3;
END;

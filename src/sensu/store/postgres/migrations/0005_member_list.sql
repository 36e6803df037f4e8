-- widen
-- The URL of the API of a backend, for clients; and whether it was asked to leave (`sensuctl cluster member-remove`).
ALTER TABLE seats
    ADD COLUMN client_url text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN leaving boolean NOT NULL DEFAULT false;

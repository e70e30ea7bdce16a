-- Let foreign keys be checked in sessions that skip the other triggers, too.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tgrelid::regclass AS name, tgname FROM pg_trigger WHERE tgisinternal AND tgconstraint <> 0 LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', found.name, found.tgname);
    END LOOP;
END $$;

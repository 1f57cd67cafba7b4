-- What is past its retention period: found, counted and removed here alone, by the periods that the centre has set.
-- The caller chooses neither the period nor the rows; what the law wants kept at least is kept whatever is set.

-- Before which instant something of a kind is past its period; NULL where it is kept for ever.
CREATE OR REPLACE FUNCTION retention_cutoff(p_kind text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    rule jsonb := '{{periods}}'::jsonb -> p_kind;
    chosen jsonb := (SELECT retention -> p_kind FROM centre);
    months integer := CASE WHEN chosen IS NULL THEN rule ->> 'months' ELSE chosen #>> '{}' END;
BEGIN
    IF rule IS NULL THEN
        RAISE EXCEPTION 'no retention period of %', p_kind;
    END IF;
    RETURN CASE WHEN months IS NOT NULL THEN now() - make_interval(months => greatest(months, (rule ->> 'least')::integer)) END;
END $$;

-- The condition under which nothing refers to a row "t" of a table, whoever made the reference and when.
CREATE OR REPLACE FUNCTION nothing_hangs_on(p_table text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(string_agg(format('NOT EXISTS (SELECT FROM %s AS c WHERE c.%I = t.id)',
                                          key.conrelid::regclass, held.attname), ' AND '), 'true')
        FROM pg_constraint AS key
        JOIN pg_attribute AS held ON held.attrelid = key.conrelid AND held.attnum = key.conkey[1]
        WHERE key.contype = 'f' AND key.confrelid = p_table::regclass AND key.confdeltype IN ('a', 'r'));
END $$;

-- Which rows of a table are to be removed for good: of a kind, or (kind "bin") deleted ones.
CREATE OR REPLACE FUNCTION expired_rows(p_kind text, p_table text, p_most integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cutoff timestamptz := retention_cutoff(p_kind);
    -- What belongs to a complaint or receipt that is still kept is kept with it.
    with_complaint text := 'NOT EXISTS (SELECT FROM complaint AS o WHERE o.id = t.complaint_id AND NOT coalesce('
        || 'o.step = ''confirmed'' AND o.registered_at < retention_cutoff(''complaint''), false))';
    with_receipt text := 'NOT EXISTS (SELECT FROM service_receipt AS o WHERE o.id = t.service_receipt_id AND NOT coalesce('
        || 'coalesce(o.handed_over_on, o.came_in_on) < retention_cutoff(''service_receipt'')::date, false))';
    condition text := CASE p_kind
        WHEN 'bin' THEN 't.deleted_at < $1'
        WHEN 'complaint' THEN 't.step = ''confirmed'' AND t.registered_at < $1'
        WHEN 'service_receipt' THEN 'coalesce(t.handed_over_on, t.came_in_on) < $1::date'
        WHEN 'call_record' THEN 't.called_at < $1 AND (t.promised_until IS NULL OR t.promise_kept_on IS NOT NULL) AND '
            || with_complaint || ' AND ' || with_receipt
        WHEN 'letter' THEN 't.sent_on < $1::date AND ' || with_complaint
        END;
    found bigint[];
BEGIN
    EXECUTE format('SELECT ARRAY(SELECT t.id FROM %I AS t WHERE %s AND %s ORDER BY t.id LIMIT $2)',
                   p_table, condition, nothing_hangs_on(p_table))
    INTO found USING cutoff, p_most;
    RETURN found;
END $$;

-- Remove rows with what hangs on them by table and id, and what the audit log holds of them: that something was
-- removed stays in it, without a value.
CREATE OR REPLACE FUNCTION remove_rows(p_table text, p_ids bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    notes bigint[] := ARRAY(SELECT id FROM note WHERE table_name = p_table AND row_id = ANY (p_ids));
    files bigint[] := ARRAY(SELECT id FROM attachment WHERE note_id = ANY (notes));
    part record;
    parts bigint[];
BEGIN
    IF cardinality(p_ids) = 0 THEN
        RETURN;
    END IF;
    -- What is part of a row goes with it, and leaves as little behind.
    FOR part IN
        SELECT key.conrelid::regclass::text AS name, held.attname AS held
        FROM pg_constraint AS key
        JOIN pg_attribute AS held ON held.attrelid = key.conrelid AND held.attnum = key.conkey[1]
        JOIN pg_attribute AS own ON own.attrelid = key.conrelid AND own.attname = 'id'
        WHERE key.contype = 'f' AND key.confrelid = p_table::regclass AND key.confdeltype = 'c'
    LOOP
        EXECUTE format('SELECT ARRAY(SELECT id FROM %s WHERE %I = ANY ($1))', part.name, part.held)
        INTO parts USING p_ids;
        PERFORM public.remove_rows(part.name, parts);
    END LOOP;
    DELETE FROM attachment WHERE id = ANY (files);
    DELETE FROM note WHERE id = ANY (notes);
    DELETE FROM demo_record WHERE table_name = p_table AND row_id = ANY (p_ids);
    -- Known still, so that the same file doesn't bring the record back.
    UPDATE import_origin SET values = '{"erased": "yes"}' WHERE table_name = p_table AND row_id = ANY (p_ids);
    EXECUTE format('DELETE FROM %I WHERE id = ANY ($1)', p_table) USING p_ids;
    DELETE FROM audit_entry
    WHERE action <> 'delete' AND ((table_name = p_table AND row_id = ANY (p_ids))
        OR (table_name = 'note' AND row_id = ANY (notes)) OR (table_name = 'attachment' AND row_id = ANY (files)));
    UPDATE audit_entry SET changes = '{}'
    WHERE (table_name = p_table AND row_id = ANY (p_ids))
        OR (table_name = 'note' AND row_id = ANY (notes)) OR (table_name = 'attachment' AND row_id = ANY (files));
END $$;

-- Remove, or with p_counts_only count, up to so many of a kind, and return how many. One portion, one record of it.
CREATE OR REPLACE FUNCTION purge_expired(p_kind text, p_most integer, p_counts_only boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    cutoff timestamptz := public.retention_cutoff(p_kind);
    tables CONSTANT text[] := '{{{tables}}}';
    ids bigint[];
    name text;
    done bigint := 0;
BEGIN
    IF cutoff IS NULL THEN
        RETURN 0;
    END IF;
    IF p_kind IN ('bin', 'complaint', 'call_record', 'service_receipt', 'letter') THEN
        FOREACH name IN ARRAY CASE WHEN p_kind = 'bin' THEN tables ELSE ARRAY[p_kind] END LOOP
            ids := public.expired_rows(p_kind, name, (p_most - done)::integer);
            IF NOT p_counts_only THEN
                PERFORM public.remove_rows(name, ids);
            END IF;
            done := done + cardinality(ids);
        END LOOP;
    ELSIF p_kind = 'access_entry' THEN
        -- Who was erased, and what was purged, stays known.
        ids := ARRAY(SELECT id FROM public.access_entry WHERE at < cutoff AND kind NOT IN ('person_erased', 'purged')
                     ORDER BY id LIMIT p_most);
        done := cardinality(ids);
        IF NOT p_counts_only THEN
            DELETE FROM public.access_entry WHERE id = ANY (ids);
        END IF;
    ELSIF p_kind = 'delivery' THEN
        ids := ARRAY(SELECT id FROM public.delivery
                     WHERE created_at < cutoff AND (state IN ('sent', 'kept', 'failed')
                         OR (state = 'unknown' AND settled_by_id IS NOT NULL))
                     ORDER BY id LIMIT p_most);
        done := cardinality(ids);
        IF NOT p_counts_only THEN
            DELETE FROM public.delivery WHERE id = ANY (ids);
        END IF;
    ELSIF p_kind = 'import_run' THEN
        ids := ARRAY(SELECT id FROM public.import_run
                     WHERE coalesce(finished_at, started_at) < cutoff AND state IN ('done', 'refused', 'discarded')
                       AND (content IS NOT NULL OR rejected IS NOT NULL OR preview IS NOT NULL)
                     ORDER BY id LIMIT p_most);
        done := cardinality(ids);
        IF NOT p_counts_only THEN
            UPDATE public.import_run SET content = NULL, rejected = NULL, preview = NULL WHERE id = ANY (ids);
        END IF;
    ELSIF p_kind = 'login_session' THEN
        -- No login outlives a week, so one that nobody ended has ended then.
        done := (SELECT count(*) FROM (
            SELECT FROM public.login_session WHERE coalesce(ended_at, created_at + interval '7 days') < cutoff
            LIMIT p_most) AS expired);
        IF NOT p_counts_only THEN
            DELETE FROM public.login_session WHERE token_hash IN (
                SELECT token_hash FROM public.login_session
                WHERE coalesce(ended_at, created_at + interval '7 days') < cutoff ORDER BY token_hash LIMIT p_most);
        END IF;
    END IF;
    IF done > 0 AND NOT p_counts_only THEN
        INSERT INTO public.access_entry (kind, detail)
        VALUES ('purged', jsonb_build_object('kind', p_kind, 'count', done));
    END IF;
    RETURN done;
END $$;
REVOKE ALL ON FUNCTION purge_expired(text, integer, boolean) FROM PUBLIC;

-- Erase a person from tables and audit values: the one way in which the audit log changes. It runs with the rights
-- of the owner, so it checks by itself who asks, takes no column, value or condition from its caller, and writes
-- down that it ran.
CREATE OR REPLACE FUNCTION erase_person(p_table text, p_id bigint, p_reason text, p_actor bigint, p_address inet)
RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    columns CONSTANT jsonb := '{{columns}}';
    label text;
    person jsonb;
    pattern text;
    wide text;
    strings text[];
    emails text[];
    target record;
    counts jsonb := '{}';
    notes bigint[];
    done bigint;
    logged bigint := 0;
BEGIN
    PERFORM FROM public.staff
    WHERE id = p_actor AND active AND deleted_at IS NULL AND 'administrator' = ANY (roles)
      AND current_setting('huisheng.actor_id', true) = p_actor::text;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only an administrator erases' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF p_table = 'staff' AND p_id = p_actor THEN
        RAISE EXCEPTION 'nobody erases the own account' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF coalesce(p_reason, '') !~ '[^[:space:]]' THEN
        RAISE EXCEPTION 'an erasure has a reason' USING ERRCODE = 'check_violation';
    END IF;
    IF p_table = 'customer' THEN
        SELECT '{{customer}}' || number INTO label FROM public.customer WHERE id = p_id FOR UPDATE;
    ELSIF p_table = 'staff' THEN
        SELECT '{{staff}}' || id INTO label FROM public.staff WHERE id = p_id FOR UPDATE;
    END IF;
    IF label IS NULL THEN
        RAISE EXCEPTION 'no person % in %', p_id, p_table USING ERRCODE = 'no_data_found';
    END IF;
    person := public.person_rows(p_table, p_id);
    pattern := public.person_pattern(person -> 'own', columns, label, false);
    wide := public.person_pattern(person -> 'own', columns, label, true);
    strings := ARRAY(
        SELECT DISTINCT btrim(value)
        FROM jsonb_each(person -> 'own') AS tables (name, ids)
        CROSS JOIN jsonb_each(columns -> tables.name) AS named (name, told)
        CROSS JOIN public.values_ever(
            tables.name, ARRAY(SELECT jsonb_array_elements_text(ids)::bigint), named.name) AS value
        WHERE (told ->> 'is' IN ('name', 'phone', 'signs', 'key') OR named.name = 'address')
          AND length(btrim(value)) > 1
          AND value NOT IN (label, '***', '***erased***') AND value NOT LIKE 'erased-%');
    IF p_table = 'staff' THEN
        emails := ARRAY(SELECT DISTINCT lower(value) FROM public.values_ever('staff', ARRAY[p_id], 'email') AS value);
        counts := public.erase_logins(p_id, emails, label);
    END IF;
    FOR target IN
        SELECT part, name, ARRAY(SELECT jsonb_array_elements_text(ids)::bigint) AS ids
        FROM (VALUES ('own'), ('near')) AS parts (part)
        CROSS JOIN jsonb_each(person -> part) AS tables (name, ids)
    LOOP
        done := public.erase_rows(target.name, target.ids, columns, pattern, label, target.part = 'near');
        counts := public.counts_added(counts, jsonb_build_object(target.name, done));
        IF target.part = 'own' THEN
            counts := public.counts_added(counts, public.erase_papers(target.name, target.ids, pattern));
        ELSE
            UPDATE public.note SET body = regexp_replace(body, pattern, '***', 'gi')
            WHERE table_name = target.name AND row_id = ANY (target.ids) AND body ~* pattern;
        END IF;
    END LOOP;
    counts := public.counts_added(counts, public.erase_elsewhere(
        ARRAY(SELECT jsonb_array_elements_text(person #> '{own,complaint}')::bigint), wide, strings));
    -- Last: the updates above have just written the old values into the log once more.
    FOR target IN
        SELECT CASE WHEN part = 'own' THEN columns ELSE '{}' END AS told, name,
               ARRAY(SELECT jsonb_array_elements_text(ids)::bigint) AS ids
        FROM (VALUES ('own'), ('near')) AS parts (part)
        CROSS JOIN jsonb_each(person -> part) AS tables (name, ids)
    LOOP
        notes := ARRAY(SELECT id FROM public.note WHERE table_name = target.name AND row_id = ANY (target.ids));
        logged := logged
            + public.erase_log(target.name, target.ids, target.told, pattern, label)
            + public.erase_log('note', notes, target.told, pattern, label)
            + public.erase_log('attachment', ARRAY(SELECT id FROM public.attachment WHERE note_id = ANY (notes)),
                               target.told, pattern, label);
    END LOOP;
    counts := public.counts_added(counts, jsonb_build_object('audit_entry', logged));
    IF counts <> '{}' THEN
        INSERT INTO public.access_entry (kind, actor_id, table_name, row_id, remote_address, detail)
        VALUES ('person_erased', p_actor, p_table, p_id, p_address, jsonb_build_object(
            'reason', left(regexp_replace(p_reason, pattern, '***', 'gi'), 300), 'counts', counts));
    END IF;
    -- Empty where all of it was done before.
    RETURN counts;
END $$;
REVOKE ALL ON FUNCTION erase_person(text, bigint, text, bigint, inet) FROM PUBLIC;

-- Counts by table, added up; what is nothing is left out.
CREATE OR REPLACE FUNCTION counts_added(one jsonb, other jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_object_agg(key, total), '{}')
        FROM (
            SELECT key, sum(value::bigint) AS total
            FROM (SELECT * FROM jsonb_each_text(one) UNION ALL SELECT * FROM jsonb_each_text(other)) AS both_sides
            GROUP BY key HAVING sum(value::bigint) > 0
        ) AS totals);
END $$;

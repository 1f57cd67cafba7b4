-- The parts of erase_person(). They run with the rights of who calls them: called alone, they can do no more than
-- the application can anyway.

-- Every value that ever stood in a column of these rows, from the rows and from the audit log.
CREATE OR REPLACE FUNCTION values_ever(p_table text, p_ids bigint[], p_column text) RETURNS SETOF text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format('SELECT %I::text FROM %I WHERE id = ANY ($1)', p_column, p_table) USING p_ids;
    RETURN QUERY
    SELECT side #>> '{}'
    FROM audit_entry, jsonb_array_elements(changes -> p_column) AS side
    WHERE table_name = p_table AND row_id = ANY (p_ids) AND changes ? p_column AND jsonb_typeof(side) = 'string';
END $$;

-- What is looked for in texts: "wide" leaves out words that also mean others, such as who answered the phone.
CREATE OR REPLACE FUNCTION person_pattern(p_rows jsonb, p_columns jsonb, p_label text, p_wide boolean) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(DISTINCT pattern, '|') INTO found
    FROM jsonb_each(p_rows) AS tables (name, ids)
    CROSS JOIN jsonb_each(p_columns -> tables.name) AS columns (name, told)
    CROSS JOIN values_ever(
        tables.name, ARRAY(SELECT jsonb_array_elements_text(ids)::bigint), columns.name) AS value
    CROSS JOIN LATERAL (
        SELECT word_pattern(value) AS pattern
        WHERE told ->> 'is' IN ('name', 'words') AND length(btrim(value)) > 1
          AND NOT (p_wide AND columns.name = 'spoke_with')
        UNION
        SELECT sign_pattern(value) WHERE told ->> 'is' IN ('key', 'signs') AND length(value) > 4
        UNION
        SELECT sign_pattern(phone) FROM phones_in(value) AS phone WHERE told ->> 'is' = 'phone'
        UNION
        SELECT sign_pattern(number) FROM unnest(
            CASE WHEN told ->> 'is' = 'numbers' THEN value::text[] ELSE '{}' END) AS number
        WHERE length(number) > 6
    ) AS patterns
    WHERE value NOT IN (p_label, '***', '***erased***') AND value NOT LIKE 'erased-%';
    -- Where nothing is known, nothing matches.
    RETURN coalesce('(?:' || found || ')', '(?!x)x');
END $$;

-- Empty what tells of the person in these rows; with p_only_texts, take the person out of their texts alone.
CREATE OR REPLACE FUNCTION erase_rows(
    p_table text, p_ids bigint[], p_columns jsonb, p_pattern text, p_label text, p_only_texts boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sets text;
    conditions text;
    done bigint;
BEGIN
    SELECT string_agg(format(CASE told ->> 'is'
               WHEN 'name' THEN '%1$I = $3'
               WHEN 'key' THEN '%1$I = ''erased-'' || id'
               WHEN 'numbers' THEN '%1$I = ''{}'''
               WHEN 'sort_key' THEN '%1$I = '''''
               WHEN 'text' THEN '%1$I = left(regexp_replace(%1$I, $2, ''***'', ''gi''), %2$s)'
               ELSE '%1$I = NULL' END, name, coalesce(told ->> 'most', '1000000000')), ', '),
           string_agg(format(CASE told ->> 'is'
               WHEN 'name' THEN '%1$I IS DISTINCT FROM $3'
               WHEN 'key' THEN '%1$I <> ''erased-'' || id'
               WHEN 'numbers' THEN '%1$I <> ''{}'''
               WHEN 'sort_key' THEN 'false'
               WHEN 'text' THEN '%1$I ~* $2'
               ELSE '%1$I IS NOT NULL' END, name), ' OR ')
    INTO sets, conditions
    FROM jsonb_each(p_columns -> p_table) AS columns (name, told)
    WHERE NOT p_only_texts OR told ->> 'is' = 'text';
    -- A form that somebody has open meanwhile must not bring it all back: its version is another one.
    EXECUTE format('UPDATE %I SET %s%s WHERE id = ANY ($1) AND (%s)', p_table, sets,
                   ', version = version + 1, updated_at = now()', conditions)
    USING p_ids, p_pattern, p_label;
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;

-- What the audit log holds of these rows.
CREATE OR REPLACE FUNCTION erase_log(
    p_table text, p_ids bigint[], p_columns jsonb, p_pattern text, p_label text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    done bigint;
BEGIN
    UPDATE audit_entry SET changes = erased_changes(changes, p_columns -> p_table, p_pattern, p_label)
    WHERE table_name = p_table AND row_id = ANY (p_ids)
      AND changes <> erased_changes(changes, p_columns -> p_table, p_pattern, p_label);
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END $$;

-- Notes and files on these rows, and what was imported into them.
CREATE OR REPLACE FUNCTION erase_papers(p_table text, p_ids bigint[], p_pattern text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    notes bigint[] := ARRAY(SELECT id FROM note WHERE table_name = p_table AND row_id = ANY (p_ids));
    noted bigint;
    filed bigint;
    imported bigint;
BEGIN
    UPDATE note SET body = NULL, deleted_at = coalesce(deleted_at, now())
    WHERE id = ANY (notes) AND (body IS NOT NULL OR deleted_at IS NULL);
    GET DIAGNOSTICS noted = ROW_COUNT;
    DELETE FROM attachment_content USING attachment
    WHERE attachment.id = attachment_id AND note_id = ANY (notes);
    UPDATE attachment SET file_name = 'erased', sha256 = repeat('0', 64), has_preview = false,
                          deleted_at = coalesce(deleted_at, now())
    WHERE note_id = ANY (notes) AND file_name <> 'erased';
    GET DIAGNOSTICS filed = ROW_COUNT;
    -- The key stays, so that the same file doesn't bring the person back; unless it names the person itself.
    UPDATE import_origin
    SET values = '{"erased": "yes"}',
        external_key = CASE WHEN external_key ~* p_pattern THEN 'erased-' || id ELSE external_key END
    WHERE table_name = p_table AND row_id = ANY (p_ids) AND NOT values ? 'erased';
    GET DIAGNOSTICS imported = ROW_COUNT;
    RETURN jsonb_build_object('note', noted, 'attachment', filed, 'import_origin', imported);
END $$;

-- What holds the person beyond the records: digests that quote a complaint, files of imports, lists that were pasted.
CREATE OR REPLACE FUNCTION erase_elsewhere(p_complaints bigint[], p_pattern text, p_strings text[]) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    numbers text := (SELECT string_agg(number, '|') FROM complaint WHERE id = ANY (p_complaints));
    digests bigint[] := ARRAY(
        SELECT id FROM digest
        WHERE (payload::text ~ coalesce(numbers, '(?!x)x') AND payload::text ~* p_pattern)
           OR (rows::text ~ coalesce(numbers, '(?!x)x') AND rows::text ~* p_pattern));
    mails bigint;
    written bigint;
    files bigint;
BEGIN
    UPDATE digest SET payload = scrub_json(payload, p_pattern), rows = scrub_json(rows, p_pattern)
    WHERE id = ANY (digests);
    UPDATE delivery SET message = erased_message()
    WHERE digest_id = ANY (digests)
       OR id IN (SELECT delivery_id FROM notice WHERE complaint_id = ANY (p_complaints));
    GET DIAGNOSTICS mails = ROW_COUNT;
    -- What went to the person: address and name go too, and what waits is not sent any more.
    UPDATE delivery
    SET recipient = 'erased-' || id, recipient_name = 'erased', answer = NULL, message = erased_message(),
        state = CASE WHEN state = 'pending' THEN 'failed' ELSE state END
    WHERE id IN (SELECT delivery_id FROM letter WHERE complaint_id = ANY (p_complaints))
      AND recipient <> 'erased-' || id;
    GET DIAGNOSTICS written = ROW_COUNT;
    mails := mails + written;
    -- What came back for such a mail goes; in what else came back the person is looked for.
    DELETE FROM bad_address
    WHERE address ~* p_pattern OR delivery_id IN (SELECT id FROM delivery WHERE recipient = 'erased-' || id);
    DELETE FROM incoming_mail WHERE delivery_id IN (SELECT id FROM delivery WHERE recipient = 'erased-' || id);
    UPDATE incoming_mail
    SET body = regexp_replace(body, p_pattern, '***', 'gi'), subject = regexp_replace(subject, p_pattern, '***', 'gi'),
        sender_name = regexp_replace(sender_name, p_pattern, '***', 'gi'),
        said = regexp_replace(said, p_pattern, '***', 'gi'),
        file_names = string_to_array(regexp_replace(array_to_string(file_names, E'\n'), p_pattern, '***', 'gi'), E'\n')
    WHERE concat_ws(E'\n', body, subject, sender_name, said, array_to_string(file_names, E'\n')) ~* p_pattern;
    UPDATE import_run SET file_name = left(regexp_replace(file_name, p_pattern, '***', 'gi'), 255)
    WHERE file_name ~* p_pattern;
    UPDATE import_run SET content = NULL, rejected = NULL, preview = NULL, problem = NULL,
        state = CASE WHEN state IN ('checking', 'checked') THEN 'discarded' ELSE state END
    WHERE preview::text ~* p_pattern OR problem ~* p_pattern OR EXISTS (
        SELECT FROM unnest(p_strings) AS each (word)
        CROSS JOIN (VALUES ('UTF8'), ('GB18030')) AS encodings (name)
        CROSS JOIN LATERAL convert_to(word, encodings.name::name) AS bytes (sought)
        WHERE position(sought IN content) > 0 OR position(sought IN rejected) > 0);
    GET DIAGNOSTICS files = ROW_COUNT;
    -- Exports are packed, and made anew in a minute: none that may hold the person is kept, nor finished.
    DELETE FROM export_chunk;
    UPDATE export_run SET state = 'expired', args = '[]' WHERE state <> 'expired';
    UPDATE daily_close SET completed = regexp_replace(completed, p_pattern, '***', 'gi'),
        open_points = regexp_replace(open_points, p_pattern, '***', 'gi')
    WHERE completed ~* p_pattern OR open_points ~* p_pattern;
    UPDATE delivery SET message = erased_message()
    WHERE summary_id IN (SELECT id FROM summary WHERE figures::text ~* p_pattern);
    UPDATE summary SET achieved = regexp_replace(achieved, p_pattern, '***', 'gi'),
        problems = regexp_replace(problems, p_pattern, '***', 'gi'),
        plans = regexp_replace(plans, p_pattern, '***', 'gi'),
        suggestions = regexp_replace(suggestions, p_pattern, '***', 'gi'),
        market = regexp_replace(market, p_pattern, '***', 'gi'),
        figures = scrub_json(figures, p_pattern)
    WHERE concat_ws(' ', achieved, problems, plans, suggestions, market, figures::text) ~* p_pattern;
    UPDATE centre SET drafts = scrub_json(drafts, p_pattern) WHERE drafts::text ~* p_pattern;
    RETURN jsonb_build_object('digest', cardinality(digests), 'delivery', mails, 'import_run', files);
END $$;

CREATE OR REPLACE FUNCTION erased_message() RETURNS bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN convert_to(E'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n已删除个人信息 Erased\r\n', 'UTF8');
END $$;

-- Logins of somebody who left, and the mails to the address.
CREATE OR REPLACE FUNCTION erase_logins(p_id bigint, p_emails text[], p_label text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    logins bigint;
    mails bigint;
BEGIN
    UPDATE staff SET active = false, roles = '{}' WHERE id = p_id AND (active OR roles <> '{}');
    DELETE FROM second_factor WHERE staff_id = p_id;
    DELETE FROM recovery_code WHERE staff_id = p_id;
    DELETE FROM login_session WHERE staff_id = p_id;
    GET DIAGNOSTICS logins = ROW_COUNT;
    DELETE FROM invitation WHERE staff_id = p_id;
    UPDATE notice SET name = left(p_label, 80), email = 'erased-' || id, version = version + 1, updated_at = now()
    WHERE email = ANY (p_emails);
    UPDATE delivery
    SET recipient = 'erased-' || id, recipient_name = p_label, subject = '***', answer = NULL,
        message = erased_message(),
        state = CASE WHEN state = 'pending' THEN 'failed' ELSE state END
    WHERE lower(recipient) = ANY (p_emails);
    GET DIAGNOSTICS mails = ROW_COUNT;
    DELETE FROM bad_address WHERE address = ANY (p_emails);
    UPDATE incoming_mail SET sender = 'erased-' || id, sender_name = left(p_label, 160)
    WHERE lower(sender) = ANY (p_emails);
    RETURN jsonb_build_object('login_session', logins, 'delivery', mails);
END $$;

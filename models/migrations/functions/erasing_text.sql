-- Patterns by which a person is found in texts, and what takes a match out of JSON.

-- A name or an address, word for word; blanks in it count alike.
CREATE OR REPLACE FUNCTION word_pattern(word text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN regexp_replace(regexp_replace(btrim(word), '([][\\.^$*+?(){}|])', '\\\1', 'g'), '\s+', '\\s+', 'g');
END $$;

-- Letters and digits in their order, plain or full-width, whatever joins them: a phone, a plate, a frame number.
CREATE OR REPLACE FUNCTION sign_pattern(signs text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT string_agg(
            CASE WHEN sign ~ '[0-9A-Za-z]' THEN '[' || sign || chr(ascii(sign) + 65248) || ']' ELSE word_pattern(sign) END,
            '[-[:space:].·•()（）－‐-―]{0,2}' ORDER BY place)
        FROM regexp_split_to_table(regexp_replace(signs, '[-[:space:].·•()（）－‐-―+]', '', 'g'), '')
             WITH ORDINALITY AS split (sign, place));
END $$;

-- The phones in a cell: what is grouped by blanks is one, unless it is too long for that.
CREATE OR REPLACE FUNCTION phones_in(cell text) RETURNS SETOF text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    plain text := translate(cell, '０１２３４５６７８９＋－（）　', '0123456789+-() ');
BEGIN
    RETURN QUERY
    SELECT DISTINCT regexp_replace(digits, '^(00)?86(?=1\d{10}$)', '')
    FROM (
        SELECT regexp_replace(groups[1], '\D', '', 'g') AS digits
        FROM regexp_matches(plain, '[+(]?\d[\d() .-]{5,}\d', 'g') AS runs (groups)
        UNION
        SELECT regexp_replace(part, '\D', '', 'g') FROM regexp_split_to_table(plain, '[^0-9()+-]+') AS part
    ) AS numbers
    WHERE length(digits) BETWEEN 7 AND 15;
END $$;

CREATE OR REPLACE FUNCTION scrub_json(document jsonb, pattern text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN CASE jsonb_typeof(document)
        WHEN 'string' THEN to_jsonb(regexp_replace(document #>> '{}', pattern, '***', 'gi'))
        WHEN 'array' THEN (
            SELECT coalesce(jsonb_agg(scrub_json(item, pattern) ORDER BY place), '[]')
            FROM jsonb_array_elements(document) WITH ORDINALITY AS items (item, place))
        WHEN 'object' THEN (
            SELECT coalesce(jsonb_object_agg(key, scrub_json(item, pattern)), '{}')
            FROM jsonb_each(document) AS items (key, item))
        ELSE document
    END;
END $$;

-- One entry of the audit log: what identified is told by a mark, what was written freely loses the person.
CREATE OR REPLACE FUNCTION erased_changes(changes jsonb, columns jsonb, pattern text, label text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_object_agg(key, CASE
            WHEN columns -> key ->> 'is' IS NULL OR columns -> key ->> 'is' = 'text' THEN scrub_json(pair, pattern)
            ELSE (
                SELECT jsonb_agg(CASE
                    WHEN side IN ('null', to_jsonb(label), '"***"') OR side #>> '{}' LIKE 'erased-%' THEN side
                    ELSE '"***erased***"' END ORDER BY place)
                FROM jsonb_array_elements(pair) WITH ORDINALITY AS sides (side, place))
            END), '{}')
        FROM jsonb_each(changes) AS each (key, pair));
END $$;

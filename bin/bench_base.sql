-- What complaints hang on: people, dealers, parts, recipients, and customers with vehicles, bench.high of them.
-- What the search box alone reads, and no digest: to fill these indexes would take longer than all the rest.
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% USING gin %' LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;

INSERT INTO region (name) SELECT '大区 ' || g FROM generate_series(1, 8) g;

INSERT INTO staff (name, email, fs_uniquifier)
SELECT '员工 ' || g, 'staff' || g || '@example.com', 'bench-' || g FROM generate_series(1, 40) g;

INSERT INTO dealer (code, name, vehicles_per_year)
SELECT 'D' || g, '经销商 ' || g, 50 + g FROM generate_series(1, 400) g;

INSERT INTO supplier (name) SELECT '供应商 ' || g FROM generate_series(1, 60) g;

INSERT INTO part (code, name) SELECT 'BENCH-' || g, '配件 ' || g FROM generate_series(1, 150) g;

INSERT INTO product_model (code, name, kind)
SELECT 'M' || g, '车型 ' || g, 'cargo' FROM generate_series(1, 20) g;

INSERT INTO customer (number, name, first_contact_on, created_by_id, created_at)
SELECT 'KH-B-' || g, '客户 ' || g, on_day, (SELECT min(id) FROM staff), on_day + interval '1 day'
FROM (SELECT g, (now() - random() * interval '1095 days')::date AS on_day FROM generate_series(1, current_setting('bench.high')::int) g) drawn;

INSERT INTO vehicle (frame_number, product_model_id, customer_id)
SELECT 'L00BENCH' || lpad(g::text, 9, '0'), (SELECT min(id) FROM product_model) + g % 20,
       (SELECT min(id) FROM customer) + g - 1
FROM generate_series(1, current_setting('bench.high')::int) g;

INSERT INTO digest_recipient (name, email, department_id)
SELECT '收件人 ' || n, 'd' || id || 'n' || n || '@example.com', id
FROM department, generate_series(1, 2) n WHERE gets_digest;

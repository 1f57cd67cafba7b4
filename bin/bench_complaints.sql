-- Complaints of the numbers from bench.low to bench.high, as many calls, half as many parts quality records, and
-- fewer of what hangs on them: over three years that grow busier, most of it about a few subjects, dealers and parts.
CREATE TEMP TABLE known AS SELECT coalesce(max(id), 0) AS last_id FROM complaint;

CREATE TEMP TABLE numbers AS
SELECT g FROM generate_series(current_setting('bench.low')::int, current_setting('bench.high')::int) g;

-- An instant of the last three years; later ones are likelier.
CREATE OR REPLACE FUNCTION pg_temp.moment() RETURNS timestamptz LANGUAGE sql VOLATILE AS
$$ SELECT now() - power(random(), 1.25) * interval '1095 days' $$;

-- An instant for each number, the earliest first: what is entered later lies further back in the table.
CREATE OR REPLACE FUNCTION pg_temp.moments() RETURNS TABLE (g bigint, at timestamptz) LANGUAGE sql VOLATILE AS $$
    SELECT current_setting('bench.low')::int - 1 + row_number() OVER (ORDER BY at), at
    FROM (SELECT pg_temp.moment() AS at FROM numbers) drawn_moments ORDER BY at
$$;

-- One of these ids; with a large skew mostly one of the first.
CREATE OR REPLACE FUNCTION pg_temp.pick(ids bigint[], skew float) RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT ids[1 + floor(power(random(), skew) * cardinality(ids))::int] $$;

CREATE OR REPLACE FUNCTION pg_temp.satisfaction() RETURNS int LANGUAGE sql VOLATILE AS
$$ SELECT 5 - floor(power(random(), 6) * 5)::int $$;

CREATE TEMP TABLE pool AS SELECT
    (SELECT array_agg(id ORDER BY id) FROM subject) AS subjects,
    (SELECT array_agg(id ORDER BY id) FROM dealer) AS dealers,
    (SELECT array_agg(id ORDER BY id) FROM part) AS parts,
    (SELECT array_agg(id ORDER BY id) FROM supplier) AS suppliers,
    -- Too many for an array that is unpacked for each row; their ids have no holes.
    (SELECT min(id) FROM customer) AS first_customer,
    (SELECT count(*) FROM customer) AS customers,
    (SELECT array_agg(id ORDER BY id) FROM staff) AS staff,
    (SELECT array_agg(id ORDER BY id) FROM department) AS departments,
    (SELECT min(id) FROM region) AS first_region,
    ARRAY['', '客户来电说，', '买了半年，', '早上出车前检查时发现，', '雨天涉水以后，', '拉货回来的路上，',
          '刚过三包期，', '第二次反映，'] AS openings,
    ARRAY[
        '行驶 # 公里后电机异响，上坡无力', '充电器用了 # 天就不充电，换了一个还是一样', '刹车有时失灵，踩到底才有反应',
        '车厢焊缝开裂，装货 # 公斤就变形', '仪表黑屏，里程显示 # 后不再变化', '配件发错了，型号不对，等了 # 天才换回来',
        '服务态度差，约好的时间没有人来，等了 # 个小时', '电池续航只有 # 公里，和宣传的不一样',
        '控制器进水烧坏，已经停用 # 天', '后桥漏油，地上一滩', '车把抖动，速度到 # 就发飘', '转向灯不亮，换了灯泡也没有用'
    ] AS faults,
    ARRAY['', '，经销商拆检后仍未解决', '，售后电话没有人接，只能自己推到维修点', '，要求更换，不同意再修',
          '，影响每天送货，一天损失一百多元，希望尽快给一个说法', '，师傅看过说没有配件，让回家等通知，到现在也没有消息',
          '，同村另外两台车也有同样的问题'] AS endings;

CREATE TEMP TABLE drawn AS
SELECT g, at, random() AS r, power(random(), 1.2) AS of_customer,
    CASE
        -- Half of what the small region has, so that there is one to edit in little data too.
        WHEN g % 2000 = 7 THEN 'registered'
        WHEN at < now() - interval '60 days' AND random() < 0.995 THEN 'confirmed'
        ELSE (ARRAY['registered', 'verified', 'analysed', 'proposed', 'agreed', 'carried_out',
                    'confirmed', 'confirmed', 'confirmed', 'confirmed'])[1 + floor(random() * 10)::int]
    END AS step
FROM pg_temp.moments() AS moments (g, at);

INSERT INTO complaint (
    number, registered_at, created_at, step, severity, is_safety_relevant, subject_id, dealer_id, part_id,
    customer_id, customer_name, phone, phone_numbers, product, description, responsible_id, region_id,
    verified_at, verified_by,
    carried_out_at, confirmed_at, confirmed_by, satisfaction)
SELECT
    'TS-B-' || lpad(g::text, 7, '0'), at, at, step,
    CASE WHEN r < 0.04 THEN 'severe' WHEN r < 0.3 THEN 'minor' ELSE 'normal' END, r > 0.985,
    pg_temp.pick(subjects, 1.6), CASE WHEN r < 0.9 THEN pg_temp.pick(dealers, 2.2) END, pg_temp.pick(parts, 2.2),
    customer.id, customer.name, customer.phone, customer.phone_numbers, '快递三轮 ' || g % 12,
    CASE WHEN r < 0.85 THEN
        openings[1 + g % cardinality(openings)]
        || replace(faults[1 + floor(power(random(), 1.4) * cardinality(faults))::int], '#', (g % 9000)::text)
        || endings[1 + (g / 7) % cardinality(endings)]
        -- What hardly anybody says.
        || CASE WHEN g % 20000 = 11 THEN '，差速器卡死' ELSE '' END || '。'
    END,
    pg_temp.pick(staff, 1.0), first_region + CASE g % 1000 WHEN 7 THEN 8 ELSE g % 8 END,
    CASE WHEN step <> 'registered' THEN at + power(random(), 3) * interval '30 hours' END,
    CASE WHEN step <> 'registered' THEN 'phone' END,
    CASE WHEN step IN ('carried_out', 'confirmed') THEN at + interval '6 days' END,
    CASE WHEN step = 'confirmed' THEN at + interval '8 days' END,
    CASE WHEN step = 'confirmed' THEN 'phone' END,
    CASE WHEN step = 'confirmed' AND r < 0.7 THEN pg_temp.satisfaction() END
FROM drawn CROSS JOIN pool
JOIN customer ON customer.id = first_customer + floor(of_customer * customers)::int
ORDER BY at;

INSERT INTO deadline (complaint_id, kind, rule_id, started_at, due_at, settled_at)
SELECT complaint.id, rule.kind, rule.id, registered_at,
    registered_at + CASE rule.kind WHEN 'first_answer' THEN interval '24 hours' ELSE interval '10 days' END,
    CASE rule.kind WHEN 'first_answer' THEN verified_at ELSE confirmed_at END
FROM complaint
CROSS JOIN (SELECT kind, min(id) AS id FROM deadline_rule WHERE kind IN ('first_answer', 'solved') GROUP BY kind) rule
WHERE complaint.id > (SELECT last_id FROM known)
ORDER BY complaint.id;

INSERT INTO parts_quality_record (
    number, part_id, supplier_id, production_batch, fault, quantity, found_on, dealer_id, department_id, disposition,
    region_id)
SELECT
    'PZ-B-' || g, pg_temp.pick(parts, 2.2), pg_temp.pick(suppliers, 2.2), '2026-' || lpad((g % 400)::text, 3, '0'),
    '断裂、异响或漏液', 1 + floor(power(random(), 4) * 6)::int, pg_temp.moment()::date, pg_temp.pick(dealers, 2.2),
    pg_temp.pick(departments, 1.0), CASE WHEN random() < 0.95 THEN 'replace' END,
    first_region + CASE g % 1000 WHEN 8 THEN 8 ELSE g % 8 END
FROM numbers, pool WHERE g % 2 = 0;

INSERT INTO call_record (
    number, called_at, purpose, result, customer_id, satisfaction, wishes, praise, responsible_id, region_id)
SELECT
    'DH-B-' || g, at,
    (ARRAY['first_follow_up', 'first_follow_up', 'second_follow_up', 'inquiry', 'complaint'])[1 + g % 5],
    CASE WHEN r < 0.75 THEN 'reached' ELSE 'not_reached' END, first_customer + floor(power(random(), 1.2) * customers)::int,
    CASE WHEN r < 0.6 THEN pg_temp.satisfaction() END,
    CASE WHEN r < 0.03 THEN '希望周末也能修车，第 ' || g || ' 次提到' END,
    CASE WHEN r > 0.98 THEN '师傅上门很快，态度好' END, pg_temp.pick(staff, 1.0),
    first_region + CASE g % 1000 WHEN 7 THEN 8 ELSE g % 8 END
FROM (SELECT g, at, random() AS r FROM pg_temp.moments() AS moments (g, at)) drawn_calls, pool;

INSERT INTO service_receipt (number, kind, customer_id, came_in_on, handed_over_on, is_return_repair)
SELECT 'HZ-B-' || g, 'repair', first_customer + floor(power(random(), 1.2) * customers)::int, on_day, on_day + 2, random() < 0.04
FROM (SELECT g, pg_temp.moment()::date AS on_day FROM numbers WHERE g % 4 = 0) visits, pool;

INSERT INTO warranty_claim (number, kind, claimed_on, fault, dealer_id, supplier_id, outcome, decided_on)
SELECT 'SP-B-' || g, kind, on_day, '配件损坏',
    CASE kind WHEN 'from_dealer' THEN pg_temp.pick(dealers, 2.2) END,
    CASE kind WHEN 'on_supplier' THEN pg_temp.pick(suppliers, 2.2) END, outcome,
    CASE WHEN outcome <> 'open' THEN on_day + 5 END
FROM (
    SELECT g, CASE WHEN g % 20 = 0 THEN 'on_supplier' ELSE 'from_dealer' END AS kind, pg_temp.moment()::date AS on_day,
        CASE WHEN random() < 0.9 THEN 'passed' ELSE 'open' END AS outcome
    FROM numbers WHERE g % 10 = 0
) claims, pool;

INSERT INTO parts_shipment (number, shipped_on, dealer_id, part_id, supplier_id, quantity, is_right, wrong_because)
SELECT 'FH-B-' || g, pg_temp.moment()::date, pg_temp.pick(dealers, 2.2), pg_temp.pick(parts, 2.2),
    pg_temp.pick(suppliers, 2.2), 4, is_right, CASE WHEN NOT is_right THEN '型号发错' END
FROM (SELECT g, random() < 0.98 AS is_right FROM numbers WHERE g % 10 = 0) shipments, pool;

INSERT INTO department_task (number, complaint_id, what, due_on, state, done_at, report, department_id)
SELECT 'RW-B-' || id, id, '查明原因并改进', on_day + 14, state, CASE state WHEN 'done' THEN on_day + 12 END,
    CASE state WHEN 'done' THEN '已更换供应商' END, pg_temp.pick(departments, 1.0)
FROM (
    SELECT id, registered_at::date AS on_day, CASE WHEN random() < 0.97 THEN 'done' ELSE 'open' END AS state
    FROM complaint WHERE id > (SELECT last_id FROM known) AND id % 20 = 0
) tasks, pool;

DROP TABLE known, numbers, pool, drawn;

-- What complaints hang on: people, dealers, parts, recipients, and customers with vehicles, bench.high of them.
-- The indexes of the searches would take longer to fill row by row than all the rest: finish_data makes them again.
CREATE TABLE bench_index AS
    SELECT indexname AS name, indexdef AS definition
    FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% USING gin %';
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT bench_index.name FROM bench_index LOOP
        EXECUTE format('DROP INDEX %I', name);
    END LOOP;
END $$;

-- Names as people have them, each sign with the syllable by which it is sorted.
CREATE OR REPLACE FUNCTION pg_temp.drawn_name() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT family[1 + floor(power(random(), 1.6) * cardinality(family))::int]
        || CASE WHEN random() < 0.8 THEN ' ' || given[1 + floor(random() * cardinality(given))::int] ELSE '' END
        || ' ' || given[1 + floor(random() * cardinality(given))::int]
    FROM (SELECT string_to_array('wang2王 li3李 zhang1张 liu2刘 chen2陈 yang2杨 zhao4赵 huang2黄 zhou1周 wu2吴 xu2徐 '
            'sun1孙 hu2胡 zhu1朱 gao1高 lin2林 he2何 guo1郭 ma3马 luo2罗 liang2梁 song4宋 zheng4郑 xie4谢 han2韩 '
            'tang2唐 feng2冯 yu2于 dong3董 xiao1萧 cheng2程 cao2曹 yuan2袁 deng4邓 xu3许 fu4傅 shen3沈 zeng1曾 '
            'peng2彭 lv3吕', ' ') AS family,
        string_to_array('wei3伟 fang1芳 na4娜 min3敏 jing4静 li4丽 qiang2强 lei3磊 jun1军 yang2洋 yong3勇 yan4艳 jie2杰 '
            'juan1娟 tao1涛 ming2明 chao1超 xiu4秀 lan2兰 xia2霞 ping2平 gang1刚 gui4桂 ying1英 wen2文 hua2华 jian4建 '
            'guo2国 zhi4志 hong2红 mei2梅 ling2玲 hai3海 bo1波 long2龙 fei1飞 peng2鹏 hui1辉 ning2宁', ' ') AS given
    ) signs
$$;

-- The last one is small: of a thousand records it has one.
INSERT INTO region (name) SELECT '大区 ' || g FROM generate_series(1, 9) g;

INSERT INTO staff (name, email, fs_uniquifier)
SELECT '员工 ' || g, 'staff' || g || '@example.com', 'bench-' || g FROM generate_series(1, 40) g;

INSERT INTO dealer (code, name, vehicles_per_year)
SELECT 'D' || g, '经销商 ' || g, 50 + g
FROM generate_series(1, greatest(400, current_setting('bench.high')::int / 100)) g;

INSERT INTO supplier (name) SELECT '供应商 ' || g FROM generate_series(1, 60) g;

INSERT INTO part (code, name) SELECT 'BENCH-' || g, '配件 ' || g FROM generate_series(1, 150) g;

INSERT INTO product_model (code, name, kind)
SELECT 'M' || g, '车型 ' || g, 'cargo' FROM generate_series(1, 20) g;

INSERT INTO customer (
    number, name, name_sort, phone, phone_numbers, address, first_contact_on, region_id, created_by_id, created_at)
SELECT
    'KH-B-' || g, regexp_replace(name, '[a-z0-9 ]', '', 'g'), name, phone, ARRAY[phone],
    '江苏省徐州市鼓楼区' || g % 90 || '号', on_day,
    (SELECT min(id) FROM region) + CASE g % 1000 WHEN 7 THEN 8 ELSE g % 8 END,
    (SELECT min(id) FROM staff), on_day + interval '1 day'
FROM (
    SELECT g, pg_temp.drawn_name() AS name, '13' || lpad((g::bigint * 7919 % 1000000000)::text, 9, '0') AS phone,
        (now() - random() * interval '1095 days')::date AS on_day
    FROM generate_series(1, current_setting('bench.high')::int) g
) drawn;

INSERT INTO vehicle (frame_number, product_model_id, customer_id)
SELECT 'L00BENCH' || lpad(g::text, 9, '0'), (SELECT min(id) FROM product_model) + g % 20,
       (SELECT min(id) FROM customer) + g - 1
FROM generate_series(1, current_setting('bench.high')::int) g;

INSERT INTO digest_recipient (name, email, department_id)
SELECT '收件人 ' || n, 'd' || id || 'n' || n || '@example.com', id
FROM department, generate_series(1, 2) n WHERE gets_digest;

-- Things to do of the numbers from bench.low to bench.high: half of them late, the others due in the next four weeks.
-- What add_complaints left open is done with at first, so that there is no more to do than these.
UPDATE complaint SET step = 'confirmed', verified_at = coalesce(verified_at, registered_at), confirmed_at = registered_at
WHERE step <> 'confirmed' AND number LIKE 'TS-B-%';
UPDATE deadline SET settled_at = due_at FROM complaint
WHERE complaint.id = complaint_id AND settled_at IS NULL AND number LIKE 'TS-B-%';
UPDATE department_task SET state = 'done', done_at = now(), report = '已更换供应商' WHERE state = 'open' AND number LIKE 'RW-B-%';
UPDATE warranty_claim SET outcome = 'passed', decided_on = claimed_on WHERE outcome = 'open' AND number LIKE 'SP-B-%';
UPDATE service_receipt SET handed_over_on = handed_over_on - 365, came_in_on = came_in_on - 365
WHERE handed_over_on > current_date - 100 AND number LIKE 'HZ-B-%';
UPDATE customer SET responsible_id = 1 + (SELECT min(id) FROM staff) + id % 36 WHERE responsible_id IS NULL;

-- Three who lead, and clerks who do the work.
UPDATE staff SET roles = CASE WHEN (id - (SELECT min(id) FROM staff)) >= 37 THEN '{supervisor}' ELSE '{clerk,follow_up_agent}' END::varchar[],
    region_id = CASE WHEN (id - (SELECT min(id) FROM staff)) < 37 THEN (SELECT min(id) FROM region) + id % 8 END
WHERE roles = '{}' AND email LIKE 'staff%';

CREATE TEMP TABLE thing AS
SELECT g, g % 20 AS kind, staff, region_id, customer, complaint,
    CASE WHEN g / 20 % 2 = 0 THEN current_date - 1 - g / 40 % 60 ELSE current_date + g / 40 % 28 END AS due_on
FROM generate_series(current_setting('bench.low')::int, current_setting('bench.high')::int) g
CROSS JOIN (SELECT min(id) AS first_staff FROM staff WHERE 'clerk' = ANY (roles)) people
CROSS JOIN (SELECT min(id) AS first_customer, count(*) AS customers FROM customer) files
CROSS JOIN (SELECT min(id) AS first_complaint, count(*) AS complaints FROM complaint) known
CROSS JOIN LATERAL (SELECT first_staff + g % 36 AS staff, first_customer + g % customers AS customer,
    first_complaint + g % complaints AS complaint) own
JOIN staff owner ON owner.id = staff;

-- 3 of 20 are complaints, each with what its step owes.
INSERT INTO complaint (number, registered_at, step, severity, subject_id, customer_id, customer_name, phone, description,
    responsible_id, region_id, verified_at)
SELECT 'TS-D-' || g, due_on - interval '10 days', (ARRAY['registered', 'verified', 'agreed', 'carried_out'])[1 + g / 20 % 4],
    CASE WHEN g % 25 = 1 THEN 'severe' ELSE 'normal' END, (SELECT min(id) FROM subject), customer, '客户 ' || g, '139' || lpad(g::text, 8, '0'),
    '电机异响，上坡无力。', staff, region_id, due_on - interval '9 days'
FROM thing WHERE kind < 3;
INSERT INTO deadline (complaint_id, kind, rule_id, started_at, due_at)
SELECT complaint.id, owed.kind, rule.id, registered_at, registered_at + interval '10 days'
FROM complaint
JOIN (VALUES ('registered', 'first_answer'), ('verified', 'solved'), ('agreed', 'carried_out'), ('carried_out', 'confirmed'))
    owed (step, kind) USING (step)
JOIN (SELECT kind, min(id) AS id FROM deadline_rule GROUP BY kind) rule ON rule.kind = owed.kind
WHERE number IN (SELECT 'TS-D-' || g FROM thing WHERE thing.kind < 3);

INSERT INTO department_task (number, complaint_id, what, due_on, state, department_id, responsible_id, region_id)
SELECT 'RW-D-' || g, complaint, '查明原因并改进', due_on, 'open', (SELECT min(id) FROM department), staff, region_id
FROM thing WHERE kind BETWEEN 3 AND 5;

INSERT INTO call_record (number, called_at, purpose, result, customer_id, promise, promised_until, responsible_id, region_id)
SELECT 'DH-D-' || g, due_on - interval '5 days', 'inquiry', 'reached', customer, '寄出说明书', due_on, staff, region_id
FROM thing WHERE kind BETWEEN 6 AND 8;

INSERT INTO service_receipt (number, kind, customer_id, came_in_on, handed_over_on, created_at, responsible_id, region_id)
SELECT 'HZ-D-' || g, 'repair', customer, due_on - 40, due_on - 28, due_on - 28, staff, region_id
FROM thing WHERE kind BETWEEN 9 AND 13;
INSERT INTO call_record (number, called_at, purpose, result, customer_id, service_receipt_id, responsible_id, region_id, points)
SELECT 'DH-E-' || id, handed_over_on + interval '14 days', 'first_follow_up', 'reached', customer_id, id, responsible_id, region_id, '车很好用'
FROM service_receipt WHERE number IN (SELECT 'HZ-D-' || g FROM thing WHERE kind = 13);

INSERT INTO vehicle (frame_number, product_model_id, customer_id, next_maintenance_on, region_id)
SELECT 'L00DUE' || lpad(g::text, 11, '0'), (SELECT min(id) FROM product_model), customer, due_on, region_id
FROM thing WHERE kind BETWEEN 14 AND 17;

INSERT INTO warranty_claim (number, kind, claimed_on, fault, dealer_id, outcome, responsible_id, region_id)
SELECT 'SP-D-' || g, 'from_dealer', due_on - 14, '配件损坏', (SELECT min(id) FROM dealer), 'open', staff, region_id
FROM thing WHERE kind = 18;

INSERT INTO letter (number, kind, regarding, customer_id, created_at, responsible_id, region_id)
SELECT 'XH-D-' || g, 'notice', '检查周', customer, least(due_on, current_date), staff, region_id FROM thing WHERE kind = 19;

DROP TABLE thing;

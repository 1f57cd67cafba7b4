-- Which rows are about a person: "own" ones are his or hers, in "near" ones he or she may be spoken of.
-- Asked by the page, by the copy that a person gets and by the erasure, so that all three mean the same.
CREATE OR REPLACE FUNCTION person_rows(p_table text, p_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    -- As the column is: the index is used for no other type.
    numbers varchar[];
    vehicles bigint[];
    complaints bigint[];
    receipts bigint[];
BEGIN
    IF p_table = 'staff' THEN
        RETURN jsonb_build_object('own', jsonb_build_object(
            'staff', to_jsonb(ARRAY(SELECT id FROM staff WHERE id = p_id)),
            'digest_recipient', to_jsonb(ARRAY(
                SELECT r.id FROM digest_recipient r JOIN staff s ON s.email = r.email WHERE s.id = p_id))),
            'near', jsonb_build_object('notice', to_jsonb(ARRAY(
                SELECT n.id FROM notice n JOIN staff s ON s.email = n.email WHERE s.id = p_id))));
    END IF;
    IF p_table <> 'customer' THEN
        RAISE EXCEPTION 'no person in %', p_table;
    END IF;
    numbers := (SELECT phone_numbers FROM customer WHERE id = p_id);
    vehicles := ARRAY(SELECT id FROM vehicle WHERE customer_id = p_id);
    -- Complaints of a website belong to no file until somebody says so: the phone says whose they are.
    complaints := ARRAY(
        SELECT id FROM complaint WHERE customer_id = p_id
        UNION
        SELECT id FROM complaint WHERE customer_id IS NULL AND phone_numbers && numbers);
    receipts := ARRAY(SELECT id FROM service_receipt WHERE customer_id = p_id);
    RETURN jsonb_build_object(
        'own', jsonb_build_object(
            'customer', to_jsonb(ARRAY(SELECT id FROM customer WHERE id = p_id)),
            'vehicle', to_jsonb(vehicles),
            'complaint', to_jsonb(complaints),
            'step_taken', to_jsonb(ARRAY(SELECT id FROM step_taken WHERE complaint_id = ANY (complaints))),
            'proposal', to_jsonb(ARRAY(SELECT id FROM proposal WHERE complaint_id = ANY (complaints))),
            'department_task', to_jsonb(ARRAY(
                SELECT id FROM department_task WHERE complaint_id = ANY (complaints))),
            'notice', to_jsonb(ARRAY(SELECT id FROM notice WHERE complaint_id = ANY (complaints))),
            'call_record', to_jsonb(ARRAY(SELECT id FROM call_record WHERE customer_id = p_id)),
            'service_receipt', to_jsonb(receipts),
            'letter', to_jsonb(ARRAY(
                SELECT id FROM letter WHERE customer_id = p_id OR complaint_id = ANY (complaints))),
            'warranty_claim', to_jsonb(ARRAY(
                SELECT id FROM warranty_claim
                WHERE vehicle_id = ANY (vehicles) OR service_receipt_id = ANY (receipts)))),
        'near', jsonb_build_object(
            'complaint', to_jsonb(ARRAY(
                SELECT id FROM complaint WHERE vehicle_id = ANY (vehicles) AND id <> ALL (complaints))),
            'call_record', to_jsonb(ARRAY(
                SELECT id FROM call_record
                WHERE (vehicle_id = ANY (vehicles) OR complaint_id = ANY (complaints)) AND customer_id <> p_id)),
            'service_receipt', to_jsonb(ARRAY(
                SELECT id FROM service_receipt WHERE vehicle_id = ANY (vehicles) AND customer_id <> p_id)),
            'parts_quality_record', to_jsonb(ARRAY(
                SELECT id FROM parts_quality_record
                WHERE vehicle_id = ANY (vehicles) OR complaint_id = ANY (complaints)))));
END $$;

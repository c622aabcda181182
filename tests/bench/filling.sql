-- Fills an empty, migrated database with current_setting('bench.cases') cases and all that hangs on them.
-- Agencies, teams and bench.forename, bench.surname, bench.street, bench.code are there already (filling.py).
-- Everything is drawn from hashes of row numbers: two fills differ in ids and in what "now" is, in nothing else.

CREATE FUNCTION bench.r(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(n, salt) & 1073741823)::float8 / 1073741824 $$;

CREATE FUNCTION bench.reference(kind text, n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
    SELECT kind || '-' || string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (x >> (5 * i) & 31)::int + 1, 1)
                                     || CASE WHEN i = 3 THEN '-' ELSE '' END, '' ORDER BY i)
    FROM (SELECT n * 680425309 % 1099511627776 AS x) AS spread, generate_series(0, 7) AS i
$$;

-- Officers: three to a team that is no desk.
INSERT INTO users (id, email, name, phone, password_hash, failed_attempts, active, version_id)
SELECT uuidv7(), 'officer-' || i || '@bench.example', f.word || ' ' || s.word, '',
       (SELECT password_hash FROM users LIMIT 1), 0, true, 1
FROM generate_series(1, (SELECT 3 * count(*) FROM teams WHERE NOT is_intake_desk)) AS i
JOIN bench.forename AS f ON f.n = 1 + i * 7 % (SELECT count(*) FROM bench.forename)
JOIN bench.surname AS s ON s.n = 1 + i * 11 % (SELECT count(*) FROM bench.surname);

INSERT INTO memberships (id, user_id, agency_id, team_id, role)
SELECT uuidv7(), u.id, t.agency_id, t.id, 'field_officer'
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM teams WHERE NOT is_intake_desk) AS t
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS n FROM users WHERE email LIKE '%@bench.example') AS u
  ON (u.n - 1) / 3 + 1 = t.n;

-- Premises: eight for ten cases; one in a hundred confidential, one in a hundred no fixed abode.
CREATE TABLE bench.premises AS
SELECT p, uuidv7(interval '-800 days' + p * interval '1 second') AS id, s.name AS street, s.town, s.borough_code,
       p % 100 = 42 AS confidential, p % 100 = 99 AS nfa,
       CASE WHEN p % 10 < 3 THEN 'Flat ' || 1 + p % 40 ELSE '' END AS flat,
       (1 + p / (SELECT count(*) FROM bench.street))::text AS number,
       s.outward || ' ' || 1 + p / 12 % 9 || substr('ABDEFGHJLNPQRSTUWXYZ', (p / 7 % 20)::int + 1, 1)
           || substr('ABDEFGHJLNPQRSTUWXYZ', (s.n % 20)::int + 1, 1) AS postcode
FROM generate_series(1, current_setting('bench.cases')::bigint * 8 / 10) AS p
JOIN bench.street AS s ON s.n = 1 + p % (SELECT count(*) FROM bench.street);
ANALYZE bench.premises;

INSERT INTO premises (id, uprn, status, flat, building, number, street, locality, town, postcode, address_text,
                      address_key, borough_code, latitude, longitude, confidential, confidential_reason, created_at)
SELECT id, CASE WHEN NOT nfa AND p % 7 > 0 THEN (200000000000 + p)::text END,
       CASE WHEN nfa THEN 'no_fixed_abode' WHEN p % 7 > 0 THEN 'matched' ELSE 'unmatched' END,
       CASE WHEN nfa THEN '' ELSE flat END, '', CASE WHEN nfa THEN '' ELSE number END,
       CASE WHEN nfa THEN '' ELSE street END, '', CASE WHEN nfa THEN '' ELSE town END,
       CASE WHEN NOT nfa THEN postcode END,
       CASE WHEN nfa THEN '' ELSE concat_ws(', ', nullif(flat, ''), number || ' ' || street, town, postcode) END,
       CASE WHEN NOT nfa THEN upper(concat_ws('|', flat, number, street, postcode)) END,
       CASE WHEN NOT nfa THEN borough_code END, 51.3 + bench.r(p, 1) * 0.4, -0.5 + bench.r(p, 2) * 0.8,
       confidential, CASE WHEN confidential THEN 'Safe address' ELSE '' END, now() - interval '800 days'
FROM bench.premises;

INSERT INTO gazetteer_addresses (uprn, flat, building, number, street, locality, town, postcode, borough_code,
                                 latitude, longitude, address_key)
SELECT uprn, flat, building, number, street, locality, town, postcode, borough_code, latitude, longitude, address_key
FROM premises WHERE uprn IS NOT NULL;

ANALYZE premises;

INSERT INTO households (id, premises_id, created_at) SELECT uuidv7(), id, created_at FROM premises;
ANALYZE households;

-- Cases, in the order they were opened: a fifth open, opened in the last eight weeks; the rest over two years.
CREATE TABLE bench.drawn AS
SELECT n, opened_at, is_open, urgency,
       CASE WHEN owner < 0.90 THEN 'lfb' WHEN owner < 0.96 THEN 'mps' ELSE 'las' END AS owner_code,
       CASE WHEN risk < 0.02 THEN 0 WHEN risk < 0.20 THEN 1 WHEN risk < 0.65 THEN 2 ELSE 3 END AS rank,
       CASE WHEN voices < 0.001 THEN 30 WHEN voices < 0.45 THEN 1 WHEN voices < 0.75 THEN 2 WHEN voices < 0.92 THEN 3
            ELSE 4 END AS voices,
       CASE WHEN is_open THEN
                CASE WHEN state < 0.25 THEN 'TRIAGE' WHEN state < 0.35 THEN 'ACCEPTED' WHEN state < 0.50 THEN 'ASSIGNED'
                     WHEN state < 0.60 THEN 'CONTACTING' WHEN state < 0.80 THEN 'BOOKED' WHEN state < 0.86 THEN 'NO_ACCESS'
                     WHEN state < 0.88 THEN 'PARTIAL' WHEN state < 0.90 THEN 'REFUSED' WHEN state < 0.93 THEN 'COMPLETED'
                     WHEN state < 0.97 THEN 'FOLLOW_UP' ELSE 'ON_HOLD' END
            WHEN state < 0.85 THEN 'CLOSED' WHEN state < 0.91 THEN 'REJECTED' WHEN state < 0.97 THEN 'SIGNPOSTED_LOW'
            ELSE 'REDIRECTED' END AS state
FROM (
    SELECT row_number() OVER (ORDER BY opened_at) AS n, * FROM (
        SELECT bench.r(i, 1) < 0.2 AS is_open, bench.r(i, 3) AS owner, bench.r(i, 4) AS risk, bench.r(i, 5) AS voices,
               bench.r(i, 6) AS state, bench.r(i, 7) AS urgency,
               now() - CASE WHEN bench.r(i, 1) < 0.2 THEN bench.r(i, 2) * bench.r(i, 2) * interval '56 days'
                            ELSE interval '3 days' + bench.r(i, 2) * interval '730 days' END AS opened_at
        FROM generate_series(1, current_setting('bench.cases')::bigint) AS i
    ) AS unordered
) AS ordered;
ANALYZE bench.drawn;

CREATE TABLE bench.covering AS
SELECT row_number() OVER (PARTITION BY a.code, ta.area_code ORDER BY t.id) AS nth, a.code, ta.area_code, t.id
FROM teams AS t JOIN agencies AS a ON a.id = t.agency_id JOIN team_areas AS ta ON ta.team_id = t.id;
ANALYZE bench.covering;

CREATE TABLE bench.officer AS
SELECT row_number() OVER (PARTITION BY m.team_id ORDER BY u.id) AS nth, m.team_id, u.id
FROM memberships AS m JOIN users AS u ON u.id = m.user_id WHERE m.role = 'field_officer';
ANALYZE bench.officer;

CREATE TABLE bench.a_case AS
SELECT d.*, uuidv7(d.opened_at - clock_timestamp()) AS id, bench.reference('C', d.n) AS reference,
       uuidv7(d.opened_at - clock_timestamp()) AS person_id,
       p.id AS premises_id, p.p, CASE WHEN p.nfa THEN NULL ELSE p.borough_code END AS borough_code,
       p.confidential, p.nfa, p.postcode, concat_ws(' ', p.flat, p.number, p.street, p.town) AS line,
       o.id AS owner_agency_id,
       CASE WHEN d.state = 'TRIAGE' THEN desk.id ELSE coalesce(c.id, desk.id) END AS owner_team_id,
       CASE WHEN d.state NOT IN ('TRIAGE', 'ACCEPTED') AND bench.r(d.n, 8) < 0.6 THEN f.id END AS owner_user_id,
       CASE WHEN NOT d.is_open THEN d.opened_at + (ARRAY[4, 168, 720, 1440])[d.rank + 1] * interval '1 hour'
            WHEN d.rank = 0 THEN now() + (d.urgency - 0.5) * interval '8 hours'
            WHEN d.rank = 1 THEN now() + (d.urgency - 0.35) * interval '10 days'
            WHEN d.rank = 2 THEN now() + (d.urgency - 0.3) * interval '40 days' END AS due_at,
       now() + (bench.r(d.n, 9) - 0.4) * interval '6 days' AS next_action_at,
       least(d.opened_at + bench.r(d.n, 10) * interval '40 days', now() - interval '1 hour') AS closed_at,
       fn.word AS first_name, sn.word AS surname, '+4420' || lpad((d.n * 7919 % 100000000)::text, 8, '0') AS phone
FROM bench.drawn AS d
JOIN agencies AS o ON o.code = d.owner_code
JOIN teams AS desk ON desk.agency_id = o.id AND desk.is_intake_desk
JOIN bench.premises AS p ON p.p = 1 + floor(bench.r(d.n, 11) * current_setting('bench.cases')::bigint * 8 / 10)
LEFT JOIN bench.covering AS c ON c.code = o.code AND c.area_code = p.borough_code AND c.nth = 1
LEFT JOIN bench.officer AS f ON f.team_id = c.id AND f.nth = 1 + d.n % 3
JOIN bench.forename AS fn ON fn.n = 1 + floor(bench.r(d.n, 12) * (SELECT count(*) FROM bench.forename))
JOIN bench.surname AS sn ON sn.n = 1 + floor(bench.r(d.n, 13) * (SELECT count(*) FROM bench.surname));
ANALYZE bench.a_case;

-- Their referrals: from three agencies, one to four a case, now and then thirty.
CREATE TABLE bench.voice AS
SELECT *, row_number() OVER (ORDER BY received_at, n, j) AS v,
       uuidv7(received_at - clock_timestamp()) AS id, uuidv7(received_at - clock_timestamp()) AS record_id
FROM (
    SELECT c.n, j, c.id AS case_id, c.premises_id, c.person_id, c.first_name, c.surname, c.phone, a.id AS agency_id,
           a.kind, a.short_name, a.code,
           least(c.opened_at + (j - 1) * bench.r(c.n * 64 + j, 21) * interval '9 days', now() - interval '1 minute')
               AS received_at,
           ARRAY(SELECT DISTINCT word FROM bench.code AS code
                 WHERE code.n IN (1 + floor(bench.r(c.n * 64 + j, 22) * (SELECT count(*) FROM bench.code)),
                                  1 + floor(bench.r(c.n * 64 + j, 23) * (SELECT count(*) FROM bench.code)))
                 ORDER BY word) AS reasons
    FROM bench.a_case AS c
    CROSS JOIN generate_series(1, c.voices) AS j
    JOIN agencies AS a ON a.code = CASE WHEN bench.r(c.n * 64 + j, 24) < 0.35 THEN 'lfb'
                                        WHEN bench.r(c.n * 64 + j, 24) < 0.70 THEN 'las' ELSE 'mps' END
) AS voices;
ANALYZE bench.voice;
CREATE INDEX ON bench.voice (case_id);

INSERT INTO cases (id, reference, owner_agency_id, owner_team_id, owner_user_id, state, risk_level, risk_rank,
                   assessed_at, due_at, act_by, next_action, next_action_at, urgent, opened_at, closed_at, outcome,
                   reject_reason, hold_reason, held_until, premises_id, borough_code, reasons, staff_safety,
                   contact_constraints, referrer_kinds, referral_count, last_referral_at, version_id)
SELECT c.id, c.reference, owner_agency_id, owner_team_id, owner_user_id, state,
       (ARRAY['VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW'])[rank + 1], rank, opened_at, due_at,
       CASE WHEN state IN ('COMPLETED', 'FOLLOW_UP', 'REFUSED') THEN next_action_at
            ELSE coalesce(due_at, next_action_at) END,
       CASE WHEN is_open THEN 'Look at the referral' ELSE '' END, CASE WHEN is_open THEN next_action_at END,
       rank = 0 AND n % 4 = 0, opened_at, CASE WHEN NOT is_open THEN closed_at END,
       CASE WHEN state = 'CLOSED' THEN 'COMPLETED' END, CASE WHEN state = 'REJECTED' THEN 'NOT_ELIGIBLE' END,
       CASE WHEN state = 'ON_HOLD' THEN 'IN_HOSPITAL' END,
       CASE WHEN state = 'ON_HOLD' THEN now() + interval '9 days' END, premises_id, borough_code, said.reasons,
       CASE WHEN n % 40 = 0 THEN ARRAY['TWO_PERSON'] WHEN n % 17 = 0 THEN ARRAY['DOG'] ELSE '{}' END,
       CASE WHEN n % 60 = 0 THEN ARRAY['DO_NOT_LEAVE_CARD'] ELSE '{}' END, said.kinds, voices, said.last_at, 1
FROM bench.a_case AS c
JOIN (
    SELECT case_id, max(received_at) AS last_at, array_agg(DISTINCT kind::text ORDER BY kind::text) AS kinds,
           array_agg(DISTINCT reason ORDER BY reason) AS reasons
    FROM bench.voice, unnest(reasons) AS reason GROUP BY case_id
) AS said ON said.case_id = c.id
ORDER BY n;

INSERT INTO referrals (id, receipt, agency_id, source_system, source_ref, channel, received_at, recorded_at,
                       referrer_name, referrer_team, referrer_contact, feedback_to, premises_id, reasons,
                       immediate_danger, narrative, household_flags, current_location, location_detail, told,
                       told_detail, agrees, capacity_concern, lawful_basis, sharing_preference, staff_safety,
                       contact_constraints, source_grade, source_grade_scheme, other_agencies_told, suspect, original,
                       content, content_hash, referred_by)
SELECT v.id, bench.reference('R', v), agency_id, code || '_extract', upper(code) || '/' || v, 'CSV', received_at,
       received_at, 'Referrer ' || v % 900, 'Team ' || v % 60, '020 7946 0000',
       CASE WHEN v % 3 = 0 THEN 'team-' || v % 60 || '@example.org' ELSE '' END, premises_id, v.reasons, false,
       repeat('Seen at the home on the day; smoke alarm not heard, much paper in the hall. ', 1 + (v % 4)::int), '{LIVES_ALONE}',
       CASE WHEN v % 50 = 0 THEN 'HOSPITAL' ELSE 'HOME' END, '', 'YES', '', 'YES', 'NO', 'PUBLIC_TASK', 'NOT_ASKED',
       '{}', '{}', CASE WHEN kind = 'police' THEN 'AMBER' ELSE '' END, CASE WHEN kind = 'police' THEN 'BRAG' ELSE '' END,
       '', false, jsonb_build_object('ref', v, 'name', first_name || ' ' || surname, 'notes', repeat('as sent ', 40)),
       current_setting('bench.content')::jsonb || jsonb_build_object('reasons', v.reasons), md5(v::text),
       CASE WHEN v % 20 = 0 THEN me.id END
FROM bench.voice AS v
LEFT JOIN users AS me ON me.email = CASE kind WHEN 'fire' THEN 'fire.officer' WHEN 'ambulance' THEN 'paramedic'
                                    ELSE 'police.officer' END || '@demo.example'
ORDER BY v;

INSERT INTO people (id, created_at) SELECT person_id, opened_at FROM bench.a_case ORDER BY n;

INSERT INTO person_records (id, referral_id, agency_id, premises_id, created_at, given, title, first_name, middle_name,
                            surname, dob, sex, nhs_number, phone, language, interpreter)
SELECT record_id, id, agency_id, premises_id, received_at, jsonb_build_object('full_name', first_name || ' ' || surname),
       '', first_name, '', surname, date '1930-01-01' + (n * 37 % 25000)::int, CASE WHEN n % 2 = 0 THEN 'F' ELSE 'M' END,
       CASE WHEN kind = 'ambulance' THEN '999' || lpad((n % 10000000)::text, 7, '0') END, phone, '', false
FROM bench.voice ORDER BY v;

INSERT INTO person_links (id, record_id, person_id, valid_from, automatic, reason, model_version)
SELECT uuidv7(), record_id, person_id, received_at, true, 'Nobody known is like this', 'bench'
FROM bench.voice ORDER BY v;

INSERT INTO household_links (id, record_id, household_id, valid_from, automatic, reason, model_version)
SELECT uuidv7(), v.record_id, h.id, v.received_at, true, 'Lives at the premises the referral gave', ''
FROM bench.voice AS v JOIN households AS h ON h.premises_id = v.premises_id;

INSERT INTO referral_links (id, referral_id, case_id, added, valid_from, automatic, reason, model_version, probability)
SELECT uuidv7(received_at - clock_timestamp()), id, case_id, reasons, received_at, true,
       CASE WHEN j = 1 THEN 'The case was opened for this referral' ELSE 'Same name and birth date at the same home' END,
       'bench', CASE WHEN j > 1 THEN 0.99 END
FROM bench.voice ORDER BY v;

INSERT INTO case_involvements (case_id, agency_id, since)
SELECT case_id, agency_id, min(since) FROM (
    SELECT case_id, agency_id, received_at AS since FROM bench.voice
    UNION ALL SELECT id, owner_agency_id, opened_at FROM bench.a_case
) AS involved GROUP BY case_id, agency_id;

INSERT INTO case_search (case_id, document)
SELECT c.id, to_tsvector('simple', lower(concat_ws(' ', replace(c.reference, '-', ''), said.words, c.first_name,
       c.surname, replace(c.phone, '+', ''), '0' || substr(c.phone, 4),
       CASE WHEN NOT c.confidential AND NOT c.nfa THEN c.line || ' ' || replace(c.postcode, ' ', '') END)))
FROM bench.a_case AS c
JOIN (SELECT case_id, string_agg(replace(bench.reference('R', v), '-', '') || ' ' || code || v, ' ') AS words
      FROM bench.voice GROUP BY case_id) AS said ON said.case_id = c.id;

INSERT INTO risk_assessments (id, case_id, referral_id, level, rule_pack, rule_pack_version, assessed_at, due_at,
                              overridden, reason, triggers, factors)
SELECT uuidv7(), v.case_id, v.id, (ARRAY['VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW'])[c.rank + 1], 'london_four_level', '1',
       v.received_at, c.due_at, false, 'Assessed by the rules',
       jsonb_build_array(jsonb_build_object('rule', 'bench', 'label', 'What was said', 'score', NULL, 'factors', f.list)),
       f.list
FROM bench.voice AS v JOIN bench.a_case AS c ON c.id = v.case_id,
LATERAL (SELECT jsonb_agg(jsonb_build_object('reason', reason, 'label', lower(reason), 'source', 'crew_observed',
         'agency_kind', v.kind, 'agency_name', v.short_name, 'referral_id', v.id, 'detail', '', 'clutter', NULL,
         'triggered', true)) AS list FROM unnest(v.reasons) AS reason) AS f
ORDER BY v.v;

-- What people did: about ten events a case.
INSERT INTO audit_events (id, at, tag, user_id, agency_id, subject_type, subject_id, case_id, detail)
SELECT uuidv7(at - clock_timestamp()), at, tag, user_id, agency_id, 'Case', case_id, case_id, detail FROM (
    SELECT received_at AS at, CASE WHEN j = 1 THEN 'case:opened' ELSE 'referral:joined' END AS tag, NULL::uuid AS user_id,
           agency_id, case_id, CASE WHEN j = 1 THEN '{"level": "MEDIUM"}' ELSE '{"added": [], "automatic": true}' END::jsonb
           AS detail
    FROM bench.voice
    UNION ALL
    SELECT received_at, 'case:assessed', NULL, agency_id, case_id, '{"was": "LOW", "now": "MEDIUM"}' FROM bench.voice
    UNION ALL
    SELECT least(opened_at + k * bench.r(n * 16 + k, 31) * interval '2 days', now() - interval '1 second'),
           (ARRAY['case:viewed', 'case:accepted', 'case:assigned', 'case:contacted', 'case:viewed', 'visit:booked'])[k],
           coalesce(owner_user_id, (SELECT id FROM users WHERE email = 'fire.coordinator@demo.example')),
           owner_agency_id, id,
           CASE k WHEN 3 THEN jsonb_build_object('team', owner_team_id)
                  WHEN 4 THEN '{"method": "PHONE", "result": "NO_REPLY"}' ELSE '{}' END
    FROM bench.a_case, generate_series(1, 6) AS k
) AS happened ORDER BY at;

INSERT INTO assignments (id, case_id, team_id, user_id, assigned_at, note)
SELECT uuidv7(), id, owner_team_id, owner_user_id, opened_at + interval '1 hour', ''
FROM bench.a_case WHERE state NOT IN ('TRIAGE', 'ACCEPTED', 'REJECTED', 'SIGNPOSTED_LOW', 'REDIRECTED');

INSERT INTO contact_attempts (id, case_id, made_at, made_by, method, result, note)
SELECT uuidv7(), c.id, c.opened_at + interval '1 day', coalesce(c.owner_user_id, me.id), 'PHONE', 'NO_REPLY', 'Rang out'
FROM bench.a_case AS c JOIN users AS me ON me.email = 'fire.coordinator@demo.example'
WHERE c.n % 2 = 0 AND c.state <> 'TRIAGE';

INSERT INTO case_notes (id, case_id, agency_id, author_id, written_at, text, shared)
SELECT uuidv7(), c.id, c.owner_agency_id, coalesce(c.owner_user_id, me.id), c.opened_at + interval '1 day',
       'Daughter visits on Sundays and has a key.', c.n % 3 = 0
FROM bench.a_case AS c JOIN users AS me ON me.email = 'fire.coordinator@demo.example' WHERE c.n % 2 = 1;

-- Visits: one finished for most closed cases, booked around now for cases that wait for one.
CREATE TABLE bench.visit AS
SELECT *, uuidv7(scheduled_at - clock_timestamp()) AS id, row_number() OVER (ORDER BY scheduled_at, n) AS v FROM (
    SELECT n, id AS case_id, premises_id, owner_agency_id AS agency_id, owner_team_id AS team_id, owner_user_id, rank,
           state IN ('BOOKED', 'ASSIGNED') AS waits,
           CASE WHEN state IN ('BOOKED', 'ASSIGNED') THEN now() + (bench.r(n, 41) - 0.2) * interval '14 days'
                ELSE closed_at - interval '2 hours' END AS scheduled_at
    FROM bench.a_case
    WHERE state IN ('CLOSED', 'BOOKED', 'PARTIAL', 'NO_ACCESS', 'FOLLOW_UP', 'COMPLETED')
       OR (state = 'ASSIGNED' AND n % 3 = 0)
) AS visits;
ANALYZE bench.visit;

INSERT INTO visits (id, reference, case_id, premises_id, agency_id, team_id, officer_id, visit_type, state,
                    scheduled_at, access_note, started_at, finished_at, outcome, risk_before, risk_after, record,
                    version_id)
SELECT id, bench.reference('V', v), case_id, premises_id, agency_id, team_id, owner_user_id, 'HFSV',
       CASE WHEN waits THEN 'BOOKED' ELSE 'FINISHED' END, scheduled_at, '',
       CASE WHEN NOT waits THEN scheduled_at END, CASE WHEN NOT waits THEN scheduled_at + interval '50 minutes' END,
       CASE WHEN NOT waits THEN 'COMPLETED' END, (ARRAY['VERY_HIGH', 'HIGH', 'MEDIUM', 'LOW'])[rank + 1],
       CASE WHEN NOT waits THEN 'LOW' END, '{}', 1
FROM bench.visit ORDER BY v;

INSERT INTO alarm_records (id, visit_id, room, alarm_type, power, interlinked, working, fitted_today, expiry_year,
                           condition)
SELECT uuidv7(), id, room, 'SMOKE_OPTICAL', 'SEALED_10YR', false, true, true, 2036, ''
FROM bench.visit, unnest(ARRAY['HALL', 'LANDING']) AS room WHERE NOT waits;

INSERT INTO onward_referrals (id, visit_id, case_id, destination, kind, agreed, reason, made_at, answer, version_id)
SELECT uuidv7(), id, case_id, 'FALLS_SERVICE', 'REFERRAL', true, '', scheduled_at, '', 1
FROM bench.visit WHERE NOT waits AND n % 5 = 0;

INSERT INTO follow_ups (id, effect_key, agency_id, case_id, visit_id, kind, why, rule, due_at, state, owner_team_id,
                        owner_user_id, created_at, fell_due_at, ended_at, end_note, version_id)
SELECT uuidv7(), 'bench:' || kind || ':' || v, agency_id, case_id, id, kind, 'A rule asked for it', 'bench', due_at,
       CASE WHEN ended THEN 'DONE' WHEN due_at < now() THEN 'DUE' ELSE 'WAITING' END, team_id, owner_user_id,
       scheduled_at, CASE WHEN due_at < now() THEN due_at END, CASE WHEN ended THEN due_at + interval '1 day' END, '', 1
FROM (
    SELECT v.*, 'ALARM_EXPIRY' AS kind, scheduled_at + interval '9 years 6 months' AS due_at, false AS ended
    FROM bench.visit AS v WHERE NOT waits
    UNION ALL
    SELECT v.*, 'CALL_BACK', scheduled_at + bench.r(v, 51) * interval '14 days',
           scheduled_at < now() - interval '30 days' OR bench.r(v, 52) < 0.3
    FROM bench.visit AS v WHERE NOT waits AND v.v % 3 = 0
) AS planned;

INSERT INTO alerts (id, case_id, agency_id, why, raised_at, acknowledged_at, acknowledged_by)
SELECT uuidv7(), c.id, c.owner_agency_id, 'What was said', c.opened_at,
       CASE WHEN NOT c.is_open OR c.n % 20 > 0 THEN c.opened_at + interval '5 minutes' END,
       CASE WHEN NOT c.is_open OR c.n % 20 > 0 THEN me.id END
FROM bench.a_case AS c JOIN users AS me ON me.email = 'fire.coordinator@demo.example' WHERE c.rank = 0;

INSERT INTO match_candidates (id, referral_id, case_id, found_at, p_same_person, p_same_household, model_version, words,
                              contributions, answer, answered_at, answer_reason)
SELECT uuidv7(), v.id, other.id, v.received_at, 0.6 + bench.r(c.n, 61) * 0.3, 0.9, 'bench', 'Same name at the next door',
       '[{"field": "name", "words": "Same name", "weight": 5.1}, {"field": "address", "words": "Next door", "weight": 3}]',
       CASE WHEN NOT c.is_open THEN 'NEITHER' END, CASE WHEN NOT c.is_open THEN v.received_at END, ''
FROM bench.a_case AS c
JOIN bench.voice AS v ON v.case_id = c.id AND v.j = 1
JOIN bench.a_case AS other ON other.n = c.n - 1 - c.n % 5
WHERE c.n % CASE WHEN c.is_open THEN 12 ELSE 3 END = 0 AND c.is_open = other.is_open;

INSERT INTO messages (id, effect_key, agency_id, case_id, referral_id, template, recipient, subject, body, created_at,
                      state, attempts, try_at, sent_at, problem)
SELECT uuidv7(v.received_at - clock_timestamp()), 'ack:' || v.id, c.owner_agency_id, c.id, v.id, 'acknowledgement', 'team-' || v % 60 || '@example.org',
       'We have your referral', 'Thank you. See {site}.', v.received_at, 'SENT', 1, v.received_at, v.received_at, ''
FROM bench.voice AS v JOIN bench.a_case AS c ON c.id = v.case_id WHERE v.v % 3 = 0 ORDER BY v.v;

INSERT INTO import_runs (id, reference, agency_id, created_at, profile, file_name, stored_as, state, preview, total,
                         done, new, joined, review, amended, to_confirm, unchanged, refused, started_at, finished_at, problem)
SELECT uuidv7(), bench.reference('I', n), (SELECT id FROM agencies WHERE code = 'lfb'), now() - n * interval '1 hour',
       'fire', 'fire.csv', md5(n::text), 'FINISHED', '{}', 100, 100, 60, 20, 20, 0, 0, 0, 0, now() - n * interval '1 hour',
       now() - n * interval '1 hour', ''
FROM generate_series(1, current_setting('bench.cases')::bigint / 20) AS n;

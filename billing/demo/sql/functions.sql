-- Helpers that live as long as the session.

-- A number from 0 to choices - 1 that looks random but is the same in every load.
CREATE OR REPLACE FUNCTION pg_temp.pick(key bigint, salt integer, choices integer) RETURNS integer
LANGUAGE sql IMMUTABLE RETURN mod(hashint8extended(key, salt) & 9223372036854775807, choices)::integer;

-- A document number as it is printed: at least 6 digits, as billing.rules.numbering does it.
CREATE OR REPLACE FUNCTION pg_temp.printed(prefix text, value bigint, issued_on date) RETURNS text
LANGUAGE sql IMMUTABLE RETURN
    replace(replace(prefix, '{year}', to_char(issued_on, 'YYYY')), '{month}', to_char(issued_on, 'MM'))
    || lpad(value::text, greatest(6, length(value::text)), '0');

-- The day of a month, or the month's last one; month is a first of the month.
CREATE OR REPLACE FUNCTION pg_temp.on_day(month date, day integer) RETURNS date
LANGUAGE sql IMMUTABLE RETURN month + least(day, (month + interval '1 month')::date - month) - 1;

-- The date on which period n begins, before the start when that is part of a period (rules T3, T4).
-- The tests hold it against billing.rules.periods.
CREATE OR REPLACE FUNCTION pg_temp.billing_date(
    starts_on date, months integer, days integer, billing_day integer, n integer
) RETURNS date
LANGUAGE sql IMMUTABLE RETURN CASE
    WHEN billing_day IS NULL THEN (starts_on + n * make_interval(months => months, days => days))::date
    ELSE pg_temp.on_day(
        (
            starts_on - extract(day FROM starts_on)::integer + 1
            + make_interval(months => months * (n - (
                pg_temp.on_day(starts_on - extract(day FROM starts_on)::integer + 1, billing_day) > starts_on
            )::integer))
        )::date,
        billing_day
    )
END;

"""A session keeps the login as its router has it, which ends no session of another: “Ann” is not “ann” there."""

from importlib import import_module

from django.db import migrations

ORDER = import_module("billing.migrations.0124_one_order_of_locks")
NOTING = import_module("billing.migrations.0129_noting_sign_ins")

FORMER = NOTING.function("begin_session", ORDER.STALE) + NOTING.function("lock_what_is_wanted", ORDER.TAKE)


class Migration(migrations.Migration):
    dependencies = [("billing", "0131_sessions_that_outlive_a_restart")]

    operations = [migrations.RunSQL(FORMER.replace("= packet.login", "= lower(packet.login)"), FORMER)]

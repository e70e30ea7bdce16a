import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0070_figures_of_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="DataUse",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="data_use",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("period_start", models.DateField()),
                ("period_end", models.DateField(help_text="First day after it.")),
                ("used_bytes", models.BigIntegerField(default=0)),
                ("is_over", models.BooleanField(default=False)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("login", models.CharField(max_length=64)),
                ("result", models.CharField(choices=[("accepted", "Accepted"), ("refused", "Refused")], max_length=8)),
                ("count", models.BigIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=120)),
                ("calling_station", models.CharField(blank=True, max_length=64)),
                ("router_address", models.GenericIPAddressField(null=True)),
            ],
            options={
                "ordering": ["login", "result"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="NetworkAccount",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="network_account",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                (
                    "password_sealed",
                    models.BinaryField(help_text="Sealed with NETWORK_KEY (billing.services.network.sealing)."),
                ),
                ("fixed_address", models.GenericIPAddressField(blank=True, null=True, unique=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="NetworkFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unknown-login", "unknown login"),
                            ("local-entry", "entry on the router that bypasses RADIUS"),
                            ("wrong-state", "on or off against what is wanted"),
                            ("wrong-speed", "other speed or address than wanted"),
                            ("wrong-counter", "counter that cannot be"),
                            ("held", "too many disconnects"),
                        ],
                        max_length=16,
                    ),
                ),
                ("login", models.CharField(blank=True, max_length=64)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="NetworkIntent",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="network_intent",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("wanted_version", models.BigIntegerField()),
                ("applied_version", models.BigIntegerField(null=True)),
                ("reason", models.CharField(max_length=40)),
                ("requested_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("leased_until", models.DateTimeField(null=True)),
                ("leased_by", models.CharField(blank=True, max_length=80)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("failing_since", models.DateTimeField(null=True)),
                ("applied_at", models.DateTimeField(null=True)),
                ("cuts", models.PositiveIntegerField(default=0)),
                ("cuts_since", models.DateTimeField(null=True)),
                (
                    "held",
                    models.CharField(
                        blank=True, help_text="Why nothing more is sent until staff look.", max_length=200
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="NetworkPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "unpaid_access",
                    models.CharField(
                        choices=[("off", "no access"), ("garden", "only the page that says how to pay")],
                        default="off",
                        max_length=6,
                    ),
                ),
                ("garden_kbps", models.PositiveIntegerField()),
                ("garden_pool", models.CharField(blank=True, max_length=64)),
                ("garden_address_list", models.CharField(blank=True, max_length=64)),
                ("interim_seconds", models.PositiveIntegerField()),
                ("time_zone", models.CharField(max_length=64)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="OnlineSession",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unique_id", models.CharField(max_length=64)),
                ("session_id", models.CharField(max_length=64)),
                ("login", models.CharField(max_length=64)),
                ("nas_address", models.GenericIPAddressField(null=True)),
                ("framed_address", models.GenericIPAddressField(null=True)),
                ("calling_station", models.CharField(blank=True, max_length=64)),
                ("started_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("session_seconds", models.BigIntegerField(default=0)),
                ("download_bytes", models.BigIntegerField(default=0)),
                ("upload_bytes", models.BigIntegerField(default=0)),
                ("policy_class", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Router",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("radius", "RADIUS with Disconnect and CoA"),
                            ("routeros", "RouterOS 7 REST"),
                            ("dry-run", "dry run: nothing is sent"),
                        ],
                        default="radius",
                        max_length=8,
                    ),
                ),
                (
                    "address",
                    models.GenericIPAddressField(
                        help_text="Where its packets come from and Disconnect goes.", unique=True
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Not active: unknown to RADIUS, and nothing is sent to it."
                    ),
                ),
                (
                    "secret_sealed",
                    models.BinaryField(
                        help_text="RADIUS secret. Sealed with NETWORK_KEY (billing.services.network.sealing).",
                        null=True,
                    ),
                ),
                ("coa_port", models.PositiveIntegerField(default=3799, verbose_name="port of Disconnect and CoA")),
                (
                    "supports_coa",
                    models.BooleanField(default=False, help_text="Speeds of running sessions are changed by CoA."),
                ),
                (
                    "echoes_class",
                    models.BooleanField(default=True, help_text="Sends the attribute Class back in accounting."),
                ),
                (
                    "requires_message_authenticator",
                    models.BooleanField(default=True, help_text="Requests without Message-Authenticator are dropped."),
                ),
                (
                    "window",
                    models.PositiveSmallIntegerField(default=32, help_text="Requests under way at once, 1 to 128."),
                ),
                ("rest_url", models.URLField(blank=True, help_text="RouterOS: such as https://192.0.2.1/rest.")),
                ("rest_user", models.CharField(blank=True, max_length=64)),
                (
                    "rest_password_sealed",
                    models.BinaryField(
                        help_text="Sealed with NETWORK_KEY (billing.services.network.sealing).", null=True
                    ),
                ),
                (
                    "certificate_sha256",
                    models.CharField(
                        blank=True,
                        help_text="RouterOS: fingerprint of its certificate, 64 hexadecimal digits.",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="UsageDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("download_bytes", models.BigIntegerField(default=0)),
                ("upload_bytes", models.BigIntegerField(default=0)),
            ],
            options={
                "ordering": ["subscription", "day"],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddField(
            model_name="plan",
            name="address_list",
            field=models.CharField(blank=True, help_text="Address list on the router, if any.", max_length=64),
        ),
        migrations.AddField(
            model_name="plan",
            name="over_quota",
            field=models.CharField(
                blank=True,
                choices=[
                    ("throttle", "slower until the period ends"),
                    ("garden", "only the page that says how to pay"),
                ],
                help_text="What happens when the quota is used up.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="pool",
            field=models.CharField(
                blank=True, help_text="Address pool on the router. Empty: the router's own.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="quota_gb",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Data in a period, both ways. Empty: no limit.",
                null=True,
                verbose_name="quota (GB)",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="throttled_download_kbps",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="download over quota (kbit/s)"),
        ),
        migrations.AddField(
            model_name="plan",
            name="throttled_upload_kbps",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="upload over quota (kbit/s)"),
        ),
        migrations.AddField(
            model_name="plan",
            name="unpaid_access",
            field=models.CharField(
                blank=True,
                choices=[("off", "no access"), ("garden", "only the page that says how to pay")],
                help_text="What is left while disabled as unpaid. Empty: the installation's UNPAID_ACCESS.",
                max_length=6,
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("address_list__regex", "^[A-Za-z0-9._-]{0,64}$"), ("pool__regex", "^[A-Za-z0-9._-]{0,64}$")
                ),
                name="plan_names_on_router",
                violation_error_message="Pool and address list: letters, digits, “.”, “_” and “-”.",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("over_quota", ""), ("quota_gb__isnull", True)),
                    models.Q(("quota_gb__gte", 1), models.Q(("over_quota", ""), _negated=True)),
                    _connector="OR",
                ),
                name="plan_quota_has_a_consequence",
                violation_error_message="A quota of at least 1 GB and what happens when it is used up go together.",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("over_quota", "throttle"), _negated=True),
                    models.Q(("throttled_download_kbps__gte", 1), ("throttled_upload_kbps__gte", 1)),
                    _connector="OR",
                ),
                name="plan_throttle_has_speeds",
                violation_error_message="To get slower over the quota, a plan needs both speeds for that.",
            ),
        ),
        migrations.AddConstraint(
            model_name="datause",
            constraint=models.CheckConstraint(condition=models.Q(("used_bytes__gte", 0)), name="datause_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="loginattempt",
            constraint=models.UniqueConstraint(fields=("login", "result"), name="loginattempt_once"),
        ),
        migrations.AddConstraint(
            model_name="networkpolicy",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="networkpolicy_one_row"),
        ),
        migrations.AddField(
            model_name="onlinesession",
            name="subscription",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="billing.subscription",
            ),
        ),
        migrations.CreateModel(
            name="RouterState",
            fields=[
                (
                    "router",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="state",
                        serialize=False,
                        to="billing.router",
                    ),
                ),
                ("last_contact_at", models.DateTimeField(null=True)),
                ("failing_since", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0, help_text="In a row.")),
                ("down_until", models.DateTimeField(help_text="Nothing is sent to it before.", null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="router",
            name="area",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="routers",
                to="billing.area",
            ),
        ),
        migrations.AddField(
            model_name="onlinesession",
            name="router",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.router"
            ),
        ),
        migrations.AddField(
            model_name="networkfinding",
            name="router",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="findings",
                to="billing.router",
            ),
        ),
        migrations.AddField(
            model_name="networkaccount",
            name="router",
            field=models.ForeignKey(
                blank=True,
                help_text="RouterOS without RADIUS: the router that has its secret.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="billing.router",
            ),
        ),
        migrations.AddField(
            model_name="usageday",
            name="subscription",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="usage_days",
                to="billing.subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(("coa_port__range", (1, 65535))),
                name="router_port_is_a_port",
                violation_error_message="Port: 1 to 65535.",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(("window__range", (1, 128))),
                name="router_window_in_range",
                violation_error_message="Window: 1 to 128.",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "radius"), _negated=True), ("secret_sealed__isnull", False), _connector="OR"
                ),
                name="router_by_radius_has_a_secret",
                violation_error_message="A router that is told by RADIUS needs a secret.",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(("rest_url", ""), ("rest_url__startswith", "https://"), _connector="OR"),
                name="router_rest_is_https",
                violation_error_message="The address of REST must begin with https://.",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("certificate_sha256", ""), ("certificate_sha256__regex", "^[0-9a-f]{64}$"), _connector="OR"
                ),
                name="router_certificate_is_a_fingerprint",
                violation_error_message="The fingerprint of the certificate: 64 digits of 0-9 and a-f.",
            ),
        ),
        migrations.AddConstraint(
            model_name="router",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "routeros"), _negated=True),
                    models.Q(
                        models.Q(("rest_url", ""), _negated=True),
                        models.Q(("rest_user", ""), _negated=True),
                        models.Q(("certificate_sha256", ""), _negated=True),
                        models.Q(("rest_password_sealed", None), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="router_by_rest_can_be_reached",
                violation_error_message="RouterOS REST needs an address, a user, a password and a fingerprint.",
            ),
        ),
        migrations.AddIndex(
            model_name="onlinesession",
            index=models.Index(fields=["framed_address"], name="onlinesession_of_address"),
        ),
        migrations.AddConstraint(
            model_name="onlinesession",
            constraint=models.UniqueConstraint(fields=("unique_id",), name="onlinesession_once"),
        ),
        migrations.AddConstraint(
            model_name="networkfinding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("router", "kind", "login"),
                name="networkfinding_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="usageday",
            constraint=models.UniqueConstraint(fields=("subscription", "day"), name="usageday_once"),
        ),
        migrations.AddConstraint(
            model_name="usageday",
            constraint=models.CheckConstraint(
                condition=models.Q(("download_bytes__gte", 0), ("upload_bytes__gte", 0)), name="usageday_not_negative"
            ),
        ),
    ]

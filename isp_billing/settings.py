"""Settings of the ISP billing system: one file, everything from the environment.

Each variable is described in the README's table and in ``.env.example``; ``NAME_FILE`` may
name a file that holds the value. Wrong values are reported by ``manage.py check``.
"""

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_INLINE

from billing.rules.languages import LANGUAGES
from isp_billing import admin_site
from utils.env import Env
from utils.log_settings import to_console

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
CUSTOM_DIR = BASE_DIR / "custom"  # what the provider puts in: a logo, templates

env = Env()
ENVIRONMENT_PROBLEMS = env.problems
FROM_ENVIRONMENT = env.changed

# --- What this installation is -------------------------------------------------------------
DEMO = env.flag("DEMO", False)
EXAMPLE_SECRET_KEY = "example-secret-key-for-the-demo-only-never-for-real-customers"  # noqa: S105  # nosec B105
SECRET_KEY = env.secret_key("DJANGO_SECRET_KEY", EXAMPLE_SECRET_KEY if DEMO else "")
DEBUG = False
ALLOWED_HOSTS = env.words("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("DJANGO_CSRF_TRUSTED_ORIGINS")
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 3, least=1)

# --- Business ------------------------------------------------------------------------------
MOST_DAYS = 3650  # of whatever is counted in days; more is a slip of the keyboard
COMPANY_NAME = env.text("COMPANY_NAME", "ISP Billing")
COMPANY_ADDRESS = env.text("COMPANY_ADDRESS")
COMPANY_TAX_ID = env.text("COMPANY_TAX_ID")
COMPANY_CONTACT = env.text("COMPANY_CONTACT")
COMPANY_LOGO = env.text("COMPANY_LOGO")
PAYMENT_QR = env.choice("PAYMENT_QR", "none", ("none", "epc", "upi", "text"))
PAYMENT_ACCOUNT = env.text("PAYMENT_ACCOUNT")
CURRENCY = env.text("CURRENCY", "USD").upper()
DUE_DAYS = env.number("DUE_DAYS", 14, least=0, most=MOST_DAYS)
GRACE_DAYS = env.number("GRACE_DAYS", 0, least=0, most=MOST_DAYS)
LATE_FEE = env.text("LATE_FEE", "0")
LATE_FEE_DAYS = env.number("LATE_FEE_DAYS", 7, least=1)
CASH_NEEDS_SHIFT = env.flag("CASH_NEEDS_SHIFT", False)
CASH_LIMIT = env.text("CASH_LIMIT", "0")
CREDIT_UNUSED_DAYS = env.flag("CREDIT_UNUSED_DAYS", True)
IMPORT_MAX_MB = env.number("IMPORT_MAX_MB", 25, least=1, most=500)
IMPORT_MAX_ROWS = env.number("IMPORT_MAX_ROWS", 200000, least=1, most=2_000_000)
EXPORT_MAX_XLSX_ROWS = env.number("EXPORT_MAX_XLSX_ROWS", 50000, least=1, most=1_000_000)

# --- Enforcement ---------------------------------------------------------------------------
CUT_OFF_TIME = env.text("CUT_OFF_TIME", "00:00") or "00:00"
WEEKDAYS_WITHOUT_CUTS = env.words("WEEKDAYS_WITHOUT_CUTS")
MINIMUM_DEBT = env.text("MINIMUM_DEBT", "0")
ONE_OFF_BILLS_CUT = env.flag("ONE_OFF_BILLS_CUT", False)
NEW_CUSTOMER_DAYS = env.number("NEW_CUSTOMER_DAYS", 0, least=0, most=MOST_DAYS)
END_AFTER_DAYS = env.number("END_AFTER_DAYS", 0, least=0, most=MOST_DAYS)
REMINDER_DAYS = env.words("REMINDER_DAYS")
PROMISE_MAX_DAYS = env.number("PROMISE_MAX_DAYS", 14, least=1, most=MOST_DAYS)
PROMISES_PER_YEAR = env.number("PROMISES_PER_YEAR", 6, least=0)
MAX_CUTS_PERCENT = env.number("MAX_CUTS_PERCENT", 10, least=1, most=100)
MAX_CUTS_COUNT = env.number("MAX_CUTS_COUNT", 50, least=0)

# --- Network -------------------------------------------------------------------------------
EXAMPLE_NETWORK_KEY = "example-network-key-for-the-demo-only"
NETWORK_KEY = env.text("NETWORK_KEY", EXAMPLE_NETWORK_KEY if DEMO else "")
UNPAID_ACCESS = env.choice("UNPAID_ACCESS", "off", ("off", "garden"))
GARDEN_KBPS = env.number("GARDEN_KBPS", 256, least=1, most=1_000_000)
GARDEN_POOL = env.text("GARDEN_POOL")
GARDEN_ADDRESS_LIST = env.text("GARDEN_ADDRESS_LIST", "unpaid")
NETWORK_INTERIM_SECONDS = env.number("NETWORK_INTERIM_SECONDS", 300, least=60, most=3600)
NETWORK_REPAIR = env.choice("NETWORK_REPAIR", "sessions", ("none", "sessions", "all"))
SESSION_HISTORY_DAYS = env.number("SESSION_HISTORY_DAYS", 365, least=31, most=MOST_DAYS)
USAGE_HISTORY_DAYS = env.number("USAGE_HISTORY_DAYS", 400, least=31, most=MOST_DAYS)

# --- Time and language ---------------------------------------------------------------------
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "en", tuple(code for code, _ in LANGUAGES))
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = True, not DEMO, "Lax"
LOCALE_PATHS = [BASE_DIR / "billing" / "documents" / "locale"]

# --- Scheduler -----------------------------------------------------------------------------
EXPIRY_CHECK_CRON = env.text("EXPIRY_CHECK_CRON", "* * * * *")
REMINDERS_CRON = env.text("REMINDERS_CRON", "0 8 * * *")
SCHEDULED_CHANGES_CRON = env.text("SCHEDULED_CHANGES_CRON", "0 * * * *")
BILLING_RUN_CRON = env.text("BILLING_RUN_CRON", "5 0 * * *")
CLEANUP_CRON = env.text("CLEANUP_CRON", "0 0 * * mon")
PRINTING_CRON = env.text("PRINTING_CRON", "* * * * *")
IMPORT_CRON = env.text("IMPORT_CRON", "* * * * *")
DELIVERY_CRON = env.text("DELIVERY_CRON", "* * * * *")
RECONCILE_CRON = env.text("RECONCILE_CRON", "* * * * *")
USAGE_CRON = env.text("USAGE_CRON", "*/5 * * * *")
FIGURES_CRON = env.text("FIGURES_CRON", "*/10 * * * *")
VERIFY_BOOKS_CRON = env.text("VERIFY_BOOKS_CRON", "30 3 * * *")
JOB_HISTORY_DAYS = env.number("JOB_HISTORY_DAYS", 7, least=1)
SCHEDULER_STOP_SECONDS = env.number("SCHEDULER_STOP_SECONDS", 30, least=1)
SCHEDULER_HEARTBEAT_FILE = Path(env.text("SCHEDULER_HEARTBEAT_FILE", str(VAR_DIR / "scheduler-heartbeat")))
SWEEP_BATCH_SIZE = env.number("SWEEP_BATCH_SIZE", 500, least=1)
BILLING_BATCH_SIZE = env.number("BILLING_BATCH_SIZE", 1000, least=1)

# --- Monitoring ----------------------------------------------------------------------------
METRICS_TOKEN = env.text("METRICS_TOKEN")
METRICS_NETWORKS = env.words("METRICS_NETWORKS", "127.0.0.1/32,::1/128")

# --- Alarms --------------------------------------------------------------------------------
ALARM_EMAILS = env.words("ALARM_EMAILS")
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL")
ALARM_WEBHOOK_URL = env.text("ALARM_WEBHOOK_URL")
ALARM_WEBHOOK_TOKEN = env.text("ALARM_WEBHOOK_TOKEN")
DEAD_MAN_URLS = env.words("DEAD_MAN_URLS")

# --- Database ------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
if not DATABASE_URL:
    from utils.database import ensure_running

    DATABASE_URL = ensure_running(VAR_DIR / "postgres").url

_database = env.database(DATABASE_URL)
DATABASES = {
    "default": {
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "application_name": "isp-billing",
            # PostgreSQL's own 4 counts on spinning disks, and reads whole tables where an index is faster.
            "options": "-c random_page_cost=1.1",
            **_database.get("OPTIONS", {}),  # such as ?sslmode=require
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Applications --------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_apscheduler",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "csp",
    "utils",
    "billing",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "utils.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "utils.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "utils.origin.OriginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "billing.admin.two_step.TwoStepMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "isp_billing.urls"
WSGI_APPLICATION = "isp_billing.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # What comes before the templates of the applications.
        "DIRS": [CUSTOM_DIR / "templates", BASE_DIR / "isp_billing" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billing.admin.banner.of_request",
            ],
        },
    },
]

# --- Sign-in and transport -----------------------------------------------------------------
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]

TWO_STEP_ROLES = env.words("TWO_STEP_ROLES")
OTP_TOTP_ISSUER = COMPANY_NAME
PROXY_COUNT = env.number("PROXY_COUNT", 1, least=0, most=10)
SIGN_IN_FAILURES = env.number("SIGN_IN_FAILURES", 5, least=1)
SIGN_IN_FAILURES_OF_ADDRESS = env.number("SIGN_IN_FAILURES_OF_ADDRESS", 50, least=1)
SIGN_IN_LOCK_MINUTES = env.number("SIGN_IN_LOCK_MINUTES", 15, least=1)
SIGN_IN_LOG_DAYS = env.number("SIGN_IN_LOG_DAYS", 90, least=1, most=MOST_DAYS)
AXES_HANDLER = "utils.sign_in.locking.LockHandler"
AXES_CLIENT_IP_CALLABLE = "utils.sign_in.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "billing.admin.lock_outs.locked_out"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"], "ip_address"]  # the handler has a limit for each
AXES_FAILURE_LIMIT = SIGN_IN_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=SIGN_IN_LOCK_MINUTES)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "style-src": [SELF, UNSAFE_INLINE],  # unfold and the printed documents set sizes and colours in their pages
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

SESSION_ENGINE = "billing.services.staff_sessions"
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 12, least=1, most=8760) * 3600
SESSION_COOKIE_SECURE = not DEMO
CSRF_COOKIE_SECURE = not DEMO
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEMO
SECURE_HSTS_PRELOAD = not DEMO
if not DEMO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The web port is published on 127.0.0.1 only; the TLS proxy in front redirects to https, and a
# redirect here would lock the operator out of http://127.0.0.1 on the machine itself.
SILENCED_SYSTEM_CHECKS = ["security.W008"]

# --- Admin ---------------------------------------------------------------------------------
UNFOLD = admin_site.UNFOLD

# --- Static files --------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

# --- Logs ----------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "console", ("console", "json"))
LOGGING = to_console(level=LOG_LEVEL, form=LOG_FORMAT)

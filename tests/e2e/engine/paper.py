"""The operators' paper: its commands and log lines, letter for letter. And blocks of commands of our README."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[3] / "README.md"

UP = "docker-compose up -d"
FOLLOW_SCHEDULER = "docker-compose logs -f scheduler"
FOLLOW_WEB = "docker-compose logs -f web"
RESTART_SCHEDULER = "docker-compose restart scheduler"
LIST_JOBS = '''docker-compose exec web python manage.py shell -c "
from django_apscheduler.models import DjangoJob
for job in DjangoJob.objects.all():
    print(f'Job: {job.id}, Next run: {job.next_run_time}')
"'''
PS = "docker-compose ps"
LOGS_OF_SCHEDULER = "docker-compose logs scheduler"
COUNT_JOBS = '''docker-compose exec web python manage.py shell -c "
from django_apscheduler.models import DjangoJob
print('Jobs:', DjangoJob.objects.count())
"'''
DOWN = "docker-compose down"
UP_DATABASE = "docker-compose up -d db"
CLEAR_JOBS = '''docker-compose exec db psql -U postgres -d django_db -c "
DELETE FROM django_apscheduler_djangojobexecution;
DELETE FROM django_apscheduler_djangojob;
"'''

EXPIRY_JOB = "Check and disable expired subscriptions"
LOG_LINES = (
    "Starting APScheduler as standalone service",
    f'Added job "{EXPIRY_JOB}"',
    "Scheduler started successfully!",
    f'Running job "{EXPIRY_JOB}"',
    "No expired subscriptions found",
    "Job executed successfully",
)


def readme_commands(sign: str) -> list[str]:
    """The commands of the README's only block that contains ``sign``, one a line, without their comments."""
    blocks = re.findall(r"```bash\n(.*?)```", README.read_text(), re.DOTALL)
    (block,) = [block for block in blocks if sign in block]
    return [line.partition("  #")[0].rstrip() for line in block.splitlines()]

"""The operators' paper: its commands and log lines, letter for letter."""

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

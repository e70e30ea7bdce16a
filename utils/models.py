"""What the scheduler did, who acts and stands by, what staff asked of it, and what alarms."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _


class JobRun(models.Model):
    """One run of a job, apart from django-apscheduler's history: ``slot`` is the place in its rhythm.

    A slot runs once: PostgreSQL refuses a second run of it, unless the first was interrupted or ran under
    a clock that was set back since.
    """

    class Result(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        INTERRUPTED = "interrupted"

    job_id = models.CharField(max_length=80)
    slot = models.DateTimeField(help_text="When it was to start.")
    asked = models.BooleanField(default=False, help_text="Staff asked for it, outside the rhythm.")
    superseded = models.BooleanField(db_default=False, help_text="The clock was set back since: the slot comes again.")
    instance = models.CharField(max_length=120, help_text="The process that ran it.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=12, choices=Result, default=Result.RUNNING)
    rows = models.PositiveBigIntegerField(null=True, help_text="How many rows it handled.")
    error = models.TextField(blank=True, help_text="What went wrong in one line, and below it the traceback.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job_id", "slot"],
                condition=Q(asked=False, superseded=False) & ~Q(result="interrupted"),
                name="jobrun_slot_once",
            ),
            models.CheckConstraint(
                condition=Q(result="running", ended_at__isnull=True)
                | (~Q(result="running") & Q(ended_at__isnull=False)),
                name="jobrun_ends_with_a_result",
            ),
        ]
        indexes = [
            # Not by id: the primary key has that order as well, and PostgreSQL would walk it through a year of
            # minutely runs to find the last one of a weekly job.
            models.Index(fields=["job_id", "-ended_at"], name="jobrun_of_job"),
            models.Index(fields=["job_id", "-ended_at"], condition=Q(result="succeeded"), name="jobrun_last_success"),
            models.Index(fields=["job_id", "-ended_at"], condition=~Q(result="succeeded"), name="jobrun_no_success"),
            models.Index(fields=["started_at"], name="jobrun_started"),
            models.Index(fields=["result", "id"], condition=~Q(result="succeeded"), name="jobrun_by_bad_result"),
            models.Index(fields=["id"], condition=Q(asked=True), name="jobrun_asked"),
        ]

    def __str__(self) -> str:
        return _("{job_id} of {slot}").format(job_id=self.job_id, slot=f"{self.slot:%Y-%m-%d %H:%M}")


class JobTotal(models.Model):
    """What all runs of a job come to, also those whose rows are deleted; PostgreSQL adds each run when it ends.

    ``durations`` counts the runs that were not interrupted by ``BOUNDS``: the first took no longer than the first
    bound, the last longer than all.
    """

    BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)  # seconds; the trigger has them, too

    job_id = models.CharField(max_length=80, primary_key=True)
    succeeded = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()
    interrupted = models.PositiveBigIntegerField()
    rows = models.PositiveBigIntegerField(help_text="How many rows they handled.")
    seconds = models.FloatField(help_text="How long those took that were not interrupted.")
    durations = ArrayField(models.PositiveBigIntegerField())

    def __str__(self) -> str:
        return self.job_id


class JobRhythm(models.Model):
    """Since when a job has its rhythm: before that nothing was to be expected of it."""

    job_id = models.CharField(max_length=80, primary_key=True)
    cron = models.CharField(max_length=200)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job_id} {self.cron}"


class Instance(models.Model):
    """A scheduler process, and when it was last heard of."""

    class Role(models.TextChoices):
        LEADER = "leader"
        STANDBY = "standby"
        STOPPED = "stopped", "led, and stopped as it should"

    name = models.CharField(max_length=120, unique=True, help_text="Host, process id and start.")
    role = models.CharField(max_length=8, choices=Role)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    loop_at = models.DateTimeField(null=True, help_text="The last good turn of the leader's loop.")

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return self.name


class JobRequest(models.Model):
    """What staff ask of the leader, which alone acts on it; what waits already is not asked twice."""

    class Kind(models.TextChoices):
        RUN = "run"
        PAUSE = "pause"
        RESUME = "resume"

    request_key = models.UUIDField(editable=False, null=True, unique=True)
    job_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=6, choices=Kind)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("run_job", "Can ask the scheduler to run a job now"),
            ("pause_job", "Can pause and resume jobs"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["job_id", "kind"], condition=Q(done_at__isnull=True), name="jobrequest_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.job_id}"


class PausedJob(models.Model):
    """A job that does not run until it is resumed."""

    job_id = models.CharField(max_length=80, primary_key=True)
    since = models.DateTimeField()
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.job_id


class Alarm(models.Model):
    """Something that staff must know of, from when it began until it was over; told once each."""

    key = models.CharField(max_length=120, help_text="What it is about, such as failed:generate_bills.")
    text = models.CharField(max_length=500)
    began_at = models.DateTimeField()
    absent_since = models.DateTimeField(
        null=True,
        help_text="Since when the trouble is gone, while an alarm that keeps coming back is not told as over yet.",
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(ended_at__isnull=True), name="alarm_once_while_it_lasts"
            ),
            models.CheckConstraint(condition=Q(ended_at__gte=F("began_at")), name="alarm_ends_after_it_began"),
        ]

    def __str__(self) -> str:
        return self.text


class AlarmNotice(models.Model):
    """That an alarm is to be told on one channel: its beginning, or its end."""

    class Channel(models.TextChoices):
        MAIL = "mail"
        WEBHOOK = "webhook"

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(max_length=8, choices=Channel)
    is_end = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["alarm", "channel", "is_end"], name="alarmnotice_once"),
        ]
        indexes = [models.Index(fields=["next_try_at"], condition=Q(sent_at__isnull=True), name="alarmnotice_waiting")]

    def __str__(self) -> str:
        told = _("end of {alarm} by {channel}") if self.is_end else _("{alarm} by {channel}")
        return told.format(alarm=self.alarm, channel=self.channel)

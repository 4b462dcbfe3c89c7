"""Five tables, the same as the bare reference writes."""

import uuid

from django.db import models


class Quota(models.Model):
    cap = models.BigIntegerField()
    held = models.BigIntegerField(default=0)


class Order(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    firm = models.UUIDField(default=uuid.uuid4)
    amount = models.BigIntegerField()
    term_months = models.IntegerField()
    purpose = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)


class Clock(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    due_at = models.DateTimeField(db_index=True)


class Outbox(models.Model):
    kind = models.CharField(max_length=50)
    body = models.JSONField()


class Audit(models.Model):
    who = models.UUIDField()
    act = models.CharField(max_length=50)
    at = models.DateTimeField(auto_now_add=True)

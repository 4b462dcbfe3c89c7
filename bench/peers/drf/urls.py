"""One view: lock the quota, check, save five rows, answer 201."""

from datetime import timedelta

from django.db import transaction
from django.urls import path
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peers.drf.models import Audit, Clock, Order, Outbox, Quota


class OrderSerializer(serializers.ModelSerializer):
    class Meta:
        model = Order
        fields = ("id", "amount", "term_months", "purpose")
        read_only_fields = ("id",)


class OrderView(APIView):
    def post(self, request):
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            quota = Quota.objects.select_for_update().get(pk=1)
            if quota.held + serializer.validated_data["amount"] > quota.cap:
                return Response({"detail": "quota exhausted"}, status=status.HTTP_409_CONFLICT)
            quota.held += serializer.validated_data["amount"]
            quota.save()
            order = serializer.save()
            Clock.objects.create(order=order, due_at=timezone.now() + timedelta(days=2))
            Outbox.objects.create(kind="OrderPosted", body={"order": str(order.id)})
            Audit.objects.create(who=order.firm, act="post")
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED)


urlpatterns = [path("orders", OrderView.as_view())]

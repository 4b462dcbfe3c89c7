"""The same order as a Django REST Framework tutorial would write it: models, a serializer, a view, `atomic`."""

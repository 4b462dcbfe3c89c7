async def test_smoke(firm, key, admin):
    for method, path, kw in [
        ("GET", "/health/live", {}),
        ("GET", "/health/ready", {}),
        ("GET", "/problems", {"headers": {"accept": "text/html"}}),
        ("GET", "/session", {}),
        ("POST", "/things", {"json": {"amount": 1}, "headers": key()}),
        ("GET", "/things", {}),
        ("GET", "/forgotten", {}),
        ("GET", "/writes", {}),
        ("GET", "/logs", {}),
        ("GET", "/abandons", {}),
        ("GET", "/counts?n=x", {}),
        ("GET", "/counts?n=3", {}),
        ("GET", "/login", {"headers": {"accept": "text/html"}}),
        ("GET", "/seats", {"headers": {"accept": "text/html"}}),
        ("GET", "/nope", {}),
        ("GET", "/nope", {"headers": {"accept": "text/html"}}),
        ("DELETE", "/things", {}),
        ("GET", "/schema/openapi.json", {}),
        ("GET", "/things/99", {}),
        ("GET", "/things/00000000-0000-0000-0000-000000000007", {}),
    ]:
        r = await firm.request(method, path, **kw)
        print(method, path, r.status_code, r.text[:200].replace("\n", " "), dict(r.headers).get("retry-after"))
    print(r.headers)

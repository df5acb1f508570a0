import pytest
from api_caller import Program
from web_world import Client, Site, error_of

SPRING = {"code": "spring-20", "percent": 20}


@pytest.fixture
async def ada(either_site: Site, either_client: Client) -> Program:
    return await Program.of(either_site, either_client)


async def test_a_code_is_made_changed_and_taken_out_of_use(ada: Program):
    product = await ada.told("POST", "/products", {"title": "Guide", "price_minor": 900}, status=201)
    made = await ada.told(
        "POST",
        "/codes",
        {
            **SPRING,
            "products": [product["id"], product["id"]],
            "segment": "tag:vip",
            "ends_at": "2031-06-01T00:00:00Z",
            "most_uses": 100,
            "most_per_person": 1,
        },
        status=201,
    )
    one = f"/codes/{made['id']}"
    assert made == {
        "id": made["id"],
        "code": "SPRING-20",
        "percent": 20,
        "amount_minor": None,
        "currency": None,
        "products": [product["id"]],
        "segment": "tag:vip",
        "starts_at": None,
        "ends_at": "2031-06-01T00:00:00Z",
        "most_uses": 100,
        "most_per_person": 1,
        "uses": 0,
        "archived_at": None,
        "created_at": "2031-05-04T12:00:00Z",
    }
    assert await ada.told("GET", one) == made
    by_amount = await ada.told("PATCH", one, {"amount_minor": 500, "most_uses": None, "products": []})
    assert (by_amount["percent"], by_amount["amount_minor"], by_amount["currency"]) == (None, 500, "usd")
    assert (by_amount["most_uses"], by_amount["most_per_person"], by_amount["products"]) == (None, 1, [])
    assert (await ada.told("PATCH", one, {"amount_minor": 400, "currency": "EUR"}))["currency"] == "eur"
    assert (await ada.told("PATCH", one, {"amount_minor": 300}))["currency"] == "eur"
    back = await ada.told("PATCH", one, {"percent": 30})
    assert (back["percent"], back["amount_minor"], back["currency"], back["segment"]) == (30, None, None, "tag:vip")
    second = await ada.told("POST", "/codes", {"code": "B2", "amount_minor": 5, "currency": "Usd"}, status=201)
    assert [item["id"] for item in (await ada.told("GET", "/codes"))["items"]] == [second["id"], made["id"]]
    for _ in range(2):
        await ada.told("DELETE", one, status=204)
    assert [item["id"] for item in (await ada.told("GET", "/codes"))["items"]] == [second["id"]]
    every = await ada.told("GET", "/codes?archived=true&limit=1&offset=1")
    assert ([item["id"] for item in every["items"]], every["total"]) == ([made["id"]], 2)
    assert every["items"][0]["archived_at"] is not None
    assert await ada.refused("POST", "/codes", SPRING) == (409, "CODE_TAKEN")


async def test_what_makes_no_discount_is_refused_with_its_reason(ada: Program):
    made = await ada.told("POST", "/codes", SPRING, status=201)
    one = f"/codes/{made['id']}"
    for body, code in (
        ({"code": "X1"}, "BAD_CODE"),
        ({"code": "a b", "percent": 5}, "BAD_CODE"),
        ({"code": "X1", "percent": 5, "amount_minor": 5}, "BAD_CODE"),
        ({"code": "X1", "percent": 5, "products": [999]}, "BAD_CODE"),
        (
            {"code": "X1", "percent": 5, "starts_at": "2031-06-01T00:00:00Z", "ends_at": "2031-05-01T00:00:00Z"},
            "BAD_CODE",
        ),
        ({"code": "X1", "percent": 5, "segment": "tga:vip"}, "BAD_SEGMENT"),
        ({"code": "X1", "percent": 101}, "INVALID"),
        ({"code": "X1", "percent": "5"}, "INVALID"),
        ({"code": "X1", "percent": True}, "INVALID"),
        ({"code": "X1", "amount_minor": 0}, "INVALID"),
        ({"code": "X1", "amount_minor": 5, "currency": "zzz"}, "INVALID"),
        ({"code": "X1", "amount_minor": 5, "currency": "iqd"}, "INVALID"),
        ({"code": "X1", "amount_minor": 1001, "currency": "kwd"}, "INVALID"),
        ({"code": "X1", "percent": 5, "currency": "usd"}, "INVALID"),
        ({"code": "X1", "percent": 5, "most_uses": 0}, "INVALID"),
        ({"code": "X1", "percent": 5, "products": [0]}, "INVALID"),
        ({"percent": 5}, "INVALID"),
    ):
        assert await ada.refused("POST", "/codes", body) == (422, code), body
    assert await ada.refused("PATCH", one, {"percent": None}) == (422, "BAD_CODE")
    assert await ada.refused("PATCH", one, {"code": "OTHER"}) == (422, "INVALID")
    response = await ada.asks("POST", "/codes", {"code": "X1", "percent": 0, "most_uses": 1.5})
    assert set((await error_of(response))["fields"]) == {"percent", "most_uses"}
    assert await ada.told("GET", one) == made


async def test_another_creators_code_is_not_found(ada: Program):
    made = await ada.told("POST", "/codes", SPRING, status=201)
    one = f"/codes/{made['id']}"
    bob = await Program.of(ada.site, ada.client, "bob")
    for method, body in (("GET", None), ("PATCH", {"percent": 90}), ("DELETE", None)):
        assert await bob.refused(method, one, body) == (404, "NO_SUCH_CODE")
        assert (await ada.refused(method, f"/codes/{'9' * 40}", body))[0] == 404
    assert (await bob.told("GET", "/codes?archived=true"))["total"] == 0
    assert (await bob.told("POST", "/codes", SPRING, status=201))["code"] == "SPRING-20"
    theirs = await ada.told("POST", "/products", {"title": "Guide", "price_minor": 900}, status=201)
    wrong = {"code": "X1", "percent": 5, "products": [theirs["id"]]}
    assert await bob.refused("POST", "/codes", wrong) == (422, "BAD_CODE")

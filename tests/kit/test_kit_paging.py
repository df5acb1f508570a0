import pytest

from kit.errors import Invalid
from kit.paging import Page, Paging


@pytest.mark.parametrize(("limit", "offset", "field"), [(0, 0, "limit"), (101, 0, "limit"), (-1, 0, "limit")])
def test_a_limit_is_one_to_a_hundred(limit: int, offset: int, field: str):
    with pytest.raises(Invalid) as refusal:
        Paging(limit, offset)
    assert set(refusal.value.fields) == {field}


@pytest.mark.parametrize("offset", [-1, 2**63])
def test_an_offset_is_what_a_database_can_count(offset: int):
    with pytest.raises(Invalid) as refusal:
        Paging(20, offset)
    assert set(refusal.value.fields) == {"offset"}


def test_a_page_knows_whether_more_follows():
    assert Page([1, 2], 5, Paging(2, 0)).has_more
    assert Page([3, 4], 5, Paging(2, 2)).has_more
    assert not Page([5], 5, Paging(2, 4)).has_more
    assert not Page([], 5, Paging(2, 40)).has_more
    assert (Paging().limit, Paging(1, 2**63 - 1).limit, Paging(100).limit) == (20, 1, 100)

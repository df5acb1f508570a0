from hypothesis import given
from hypothesis import strategies as st

from kit.search_text import WORD_LIMIT, asked_words, kept_words


def test_words_are_kept_without_accents_capitals_and_signs():
    assert kept_words("Crème BRÛLÉE, Straße!", "re-run 100% best_of") == {
        *("creme", "brulee", "strasse", "re", "run", "100", "best", "of"),
    }
    assert kept_words("Ｗｉｄｅ ﬁnal x² ½") == {"wide", "final", "x2", "1", "2"}
    assert kept_words("", " \n", "🎬 – %") == set()


def test_where_no_spaces_stand_a_word_begins_at_each_character():
    assert kept_words("東京旅行") == {"東京旅行", "京旅行", "旅行", "行"}
    assert kept_words("iPhone旅行") == {"iphone", "旅行", "行"}
    assert asked_words("旅行 Tour tour") == ["旅行", "tour"]


@given(st.text(max_size=60), st.text(max_size=60), st.data())
def test_whatever_is_written_is_found_by_how_its_words_begin(title: str, notes: str, data: st.DataObject):
    kept = kept_words(title, notes)
    assert all(each and each == each.strip() and len(each) <= WORD_LIMIT for each in kept)
    for word in asked_words(title) + asked_words(notes):
        begins = word[: data.draw(st.integers(1, len(word)))]
        assert any(each.startswith(begins) for each in kept)
    assert set(asked_words(" ".join(asked_words(title)))) <= kept

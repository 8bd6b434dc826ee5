import pytest

from goodfit.wording import text

GAP = "\u00a0"


def test_counts():
    assert text.count(1, "class", "classes") == "1 class"
    assert text.count(1200, "round") == "1,200 rounds"


def test_sentences():
    assert text.sentence("the test set stays closed") == "The test set stays closed."
    assert text.sentence("is it?") == "Is it?"
    assert text.sentence("") == ""


@pytest.mark.parametrize(
    ("plain", "tied"),
    [
        ("61.1 %", f"61.1{GAP}%"),
        ("< 0.1 %", f"<{GAP}0.1{GAP}%"),
        ("[8.7 %, 11.4 %]", f"[8.7{GAP}%,{GAP}11.4{GAP}%]"),
        ("−1.4 points [−2.0, +0.1]", f"−1.4{GAP}points [−2.0,{GAP}+0.1]"),
        ("4.2 s", f"4.2{GAP}s"),
        ("3 sets and 4 seeds, 5", "3 sets and 4 seeds, 5"),
    ],
)
def test_a_page_keeps_numbers_and_units_on_one_line(plain: str, tied: str):
    assert text.no_break(plain) == tied


def test_passwords_are_masked():
    assert text.mask_passwords("postgresql://ann:s3@cret@host/db") == "postgresql://ann:***@host/db"

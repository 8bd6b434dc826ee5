import pytest

from goodfit.diagnosis.reason import percent


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.11, "11.0 %"), (0.0, "0.0 %"), (0.005, "0.5 %"), (0.00042, "0.042 %"), (-0.015, "-1.5 %"), (1.234, "123.4 %")],
)
def test_a_share_in_per_cent(share, text):
    assert percent(share) == text

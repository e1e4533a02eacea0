"""Helpers of tests."""

from tests.helpers import complete_lines


def test_complete_lines_omits_an_incomplete_line(tmp_path):
    path = tmp_path / "times"
    path.write_text("1.5 20 begin\n1.")
    assert complete_lines(path) == ["1.5 20 begin"]
    path.write_text("1.")
    assert complete_lines(path) == []
    path.write_text("1.5 20 begin\n1.7 20 end\n")
    assert complete_lines(path) == ["1.5 20 begin", "1.7 20 end"]

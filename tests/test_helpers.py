"""Tests of the functions that other tests use."""

from tests.helpers import complete_lines


def test_complete_lines_leave_out_a_line_that_is_being_written(tmp_path):
    diary = tmp_path / "diary"
    diary.write_text("1.5 20 begin\n1.")
    assert complete_lines(diary) == ["1.5 20 begin"]
    diary.write_text("1.")
    assert complete_lines(diary) == []
    diary.write_text("1.5 20 begin\n1.7 20 end\n")
    assert complete_lines(diary) == ["1.5 20 begin", "1.7 20 end"]

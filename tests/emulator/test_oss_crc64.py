"""The checksum, against known values and against itself byte by byte."""

import random

import pytest

from emulator.oss_crc64 import SHORT, combine, crc64


def test_hello_has_the_published_checksum() -> None:
    assert crc64(b"hello") == 11177612005948864433


def test_nothing_has_the_checksum_zero() -> None:
    assert crc64(b"") == 0


def test_the_check_value_of_the_standard_is_met() -> None:
    assert crc64(b"123456789") == 0x995DC9BBDF1939FA


@pytest.mark.parametrize("length", [SHORT - 1, SHORT, SHORT + 1, 1000, 4099, 65_537])
def test_long_data_has_the_checksum_of_its_pieces_put_together(length: int) -> None:
    data = random.Random(length).randbytes(length)

    pieces = 0
    for start in range(0, length, 64):
        piece = data[start : start + 64]
        pieces = combine(pieces, crc64(piece), len(piece))

    assert crc64(data) == pieces


def test_zeros_count_too() -> None:
    assert len({crc64(bytes(length)) for length in range(SHORT * 3)}) == SHORT * 3

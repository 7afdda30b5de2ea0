"""CRC-64/ECMA-182 (reflected), the checksum OSS returns in x-oss-hash-crc64ecma."""

from __future__ import annotations

from functools import cache

POLYNOMIAL = 0xC96C5795D7870F42  # 0x142F0E1EBA9EA3693 with its bits reversed, the leading one left out
ALL_ONES = 0xFFFFFFFFFFFFFFFF
ONE = 1 << 63  # the polynomial 1: the lowest bit of a reflected number is its highest power
SHORT = 256  # bytes that the table alone takes


def crc64(data: bytes) -> int:
    """Give the checksum of the whole data; `hello` gives 11177612005948864433."""
    table = _table()
    crc = ALL_ONES
    if len(data) > SHORT:
        crc, data = 0, _fold(data)
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ ALL_ONES


def combine(first: int, second: int, length: int) -> int:
    """Give the checksum of two pieces put together, from their checksums and the length of the second in bytes."""
    return _multiply(first, _power_of_x(8 * length)) ^ second


@cache
def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


def _fold(data: bytes) -> bytes:
    """Give a few bytes with the same checksum, the initial value already worked in.

    The first half times a power of x is congruent to the first half times that power's remainder, which has 64 bits:
    so it is added into the second half, until little is left. The interpreter's long integers do it seven times as
    fast as the table alone.
    """
    value, width = int.from_bytes(data, "little") ^ ALL_ONES, 8 * len(data)
    while width > 8 * SHORT:
        half = width // 2
        rest = width - half
        front = _product(value & (1 << half) - 1, _power_of_x(rest))
        front_width = half + 63
        total = max(front_width, rest)
        value = front << total - front_width ^ value >> half << total - rest
        width = total
    padding = -width % 8
    return (value << padding).to_bytes((width + padding) // 8, "little")


def _product(long: int, short: int) -> int:
    """Multiply two polynomials without reducing the product."""
    product = 0
    for shift in range(64):
        if short >> shift & 1:
            product ^= long << shift
    return product


def _multiply(left: int, right: int) -> int:
    """Multiply two reflected polynomials modulo the checksum's."""
    product = 0
    while left:
        if left & ONE:
            product ^= right
        left = left << 1 & ALL_ONES
        right = right >> 1 ^ (POLYNOMIAL if right & 1 else 0)
    return product


def _power_of_x(exponent: int) -> int:
    power, square = ONE, ONE >> 1
    while exponent:
        if exponent & 1:
            power = _multiply(power, square)
        square = _multiply(square, square)
        exponent >>= 1
    return power

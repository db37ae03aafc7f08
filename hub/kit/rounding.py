"""One rule for rounding money and quantities."""


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number; a half goes away from zero, as on a receipt."""
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    numerator, denominator = abs(numerator), abs(denominator)
    return sign * ((2 * numerator + denominator) // (2 * denominator))

"""The colours of messages by severity, the same as the signs in their titles."""

from collections.abc import Mapping

from sensu.rules.severity import WORDS

HEX: Mapping[str, str] = dict(zip(WORDS, ("#c92a2a", "#e67700", "#862e9c", "#2b8a3e"), strict=True))
NUMBERS: Mapping[str, int] = {word: int(colour[1:], 16) for word, colour in HEX.items()}

"""Numbers with the bounds of the wire format."""

from typing import Annotated

import msgspec

U32 = Annotated[int, msgspec.Meta(ge=0, le=4294967295)]
I32 = Annotated[int, msgspec.Meta(ge=-2147483648, le=2147483647)]
I64 = Annotated[int, msgspec.Meta(ge=-9223372036854775808, le=9223372036854775807)]

"""Time windows: by weekday (filters, the legacy subdue) and repeated (subdues)."""

from sensu.resources.wire import Wire, always, always_null, always_str


class ClockWindow(Wire, frozen=True):
    """A window between two times of day (`3:04PM`), in UTC."""

    begin: str = always_str()
    end: str = always_str()


class WindowDays(Wire, frozen=True):
    """The windows of each weekday; `all` applies to every day."""

    all: tuple[ClockWindow, ...] = ()
    sunday: tuple[ClockWindow, ...] = ()
    monday: tuple[ClockWindow, ...] = ()
    tuesday: tuple[ClockWindow, ...] = ()
    wednesday: tuple[ClockWindow, ...] = ()
    thursday: tuple[ClockWindow, ...] = ()
    friday: tuple[ClockWindow, ...] = ()
    saturday: tuple[ClockWindow, ...] = ()


class TimeWindowWhen(Wire, frozen=True):
    """Windows by weekday."""

    days: WindowDays = always(WindowDays)


class TimeWindowRepeated(Wire, frozen=True):
    """A window between two RFC 3339 times that may repeat."""

    begin: str = always_str()
    end: str = always_str()
    repeat: tuple[str, ...] | None = always_null()

"""`sensuctl quickstart`."""

from sensu.flags import Flag
from sensu.sensuctl.declare import DRY_RUN, SKIP_CONFIRM, alone

COMMAND = alone(
    "quickstart http|port|ping|host|cron [TARGET] [flags]",
    "nouns.quickstart:quickstart",
    DRY_RUN,
    Flag("interval", help="time between two results, for example 30s; for cron, between two runs of the job"),
    Flag("name", help="name of the check and the handler (default: from the target)"),
    Flag("notify", "stringArray", help="URL of a service that gets messages, for example ntfy://topic; repeatable"),
    Flag("remove", "bool", default=False, help="delete what the same command has made, with its events"),
    Flag("save", help="file for the resources, to keep and change them"),
    SKIP_CONFIRM,
    Flag("subscription", default="linux", help="agents with this subscription run the check"),
    words=(1, 2),
    example="sensuctl quickstart http https://shop.example.org --notify ntfy://choose-a-long-name\n"
    "sensuctl quickstart port db.example.org:5432 --interval 10s --save db.yml\n"
    "sensuctl quickstart host --subscription linux\n"
    "sensuctl quickstart cron backup --interval 24h --notify mailto://mail.example.org?to=ops@example.org",
    missing="name what to watch: http URL, port HOST:PORT, ping HOST, host, or cron NAME",
)

"""The protobuf schema of messages between agents and backends: field numbers and types, by their JSON names.

A row is `field=number[:type][*]`; the default type is a string, and `*` marks a list. Types: `i64 i32 u32 bool double
uuid`, `map` (text to text), `map/Message` (text to message), a message, or `unread` for the bytes of one. Fields
missing here are skipped when read.
Source: field numbers of the wire format, recorded scenario protobuf.
"""

ROOTS = {
    "event": "Event",
    "keepalive": "Event",
    "check_request": "CheckRequest",
    "entity_config": "EntityConfig",
}
"""The message in the payload of each message type."""

_CHECK_HEAD = """command=1 handlers=3* high_flap_threshold=4:u32 interval=5:u32 low_flap_threshold=6:u32 publish=9:bool
runtime_assets=10* subscriptions=11* proxy_entity_name=13 check_hooks=14:HookList* stdin=15:bool
subdue=16:TimeWindowWhen cron=17 ttl=18:i64 timeout=19:u32 proxy_requests=20:ProxyRequests round_robin=21:bool"""

_EVENT_AROUND_ENTITY = """timestamp=1:i64 check=3:Check metrics=4:Metrics metadata=5:ObjectMeta id=6:uuid sequence=7:i64
pipelines=8:ResourceReference*"""

MESSAGES = {
    "ObjectMeta": "name=1 namespace=2 labels=3:map annotations=4:map created_by=5",
    "ResourceReference": "name=1 type=2 api_version=3",
    "SecretReference": "name=1 secret=2",
    "Deregistration": "handler=1",
    "NetworkInterface": "name=1 mac=2 addresses=3*",
    "Network": "interfaces=1:NetworkInterface*",
    "Process": "name=1",
    "System": """hostname=1 os=2 platform=3 platform_family=4 platform_version=5 network=6:Network arch=7
        arm_version=8:i32 libc_type=9 vm_system=10 vm_role=11 cloud_provider=12 float_type=13 processes=14:Process*""",
    "Entity": """entity_class=1 system=3:System subscriptions=4* last_seen=5:i64 deregister=6:bool
        deregistration=7:Deregistration user=11 redact=13* metadata=14:ObjectMeta sensu_agent_version=15
        keepalive_handlers=16*""",
    "EntityConfig": """metadata=1:ObjectMeta entity_class=2 user=3 subscriptions=4* deregister=5:bool
        deregistration=6:Deregistration keepalive_handlers=7* redact=8*""",
    "ClockWindow": "begin=1 end=2",
    "WindowDays": """all=1:ClockWindow* sunday=2:ClockWindow* monday=3:ClockWindow* tuesday=4:ClockWindow*
        wednesday=5:ClockWindow* thursday=6:ClockWindow* friday=7:ClockWindow* saturday=8:ClockWindow*""",
    "TimeWindowWhen": "days=1:WindowDays",
    "TimeWindowRepeated": "begin=1 end=2 repeat=3*",
    "HookList": "hooks=1* type=2",
    "HookConfig": "metadata=1:ObjectMeta command=2 timeout=3:u32 stdin=4:bool runtime_assets=5*",
    "Hook": "config=1:HookConfig duration=2:double executed=3:i64 issued=4:i64 output=5 status=6:i32",
    "ProxyRequests": "entity_attributes=1* splay=2:bool splay_coverage=3:u32",
    "CheckHistory": "status=1:u32 executed=2:i64",
    "MetricTag": "name=1 value=2",
    "MetricPoint": "name=1 value=2:double timestamp=3:i64 tags=4:MetricTag*",
    "Metrics": "handlers=1* points=2:MetricPoint*",
    "MetricThresholdRule": "min=1 max=2 status=3:u32",
    "MetricThreshold": "name=1 tags=2:MetricTag* thresholds=3:MetricThresholdRule* null_status=4:u32",
    "Check": f"""{_CHECK_HEAD} duration=22:double executed=23:i64 history=24:CheckHistory* issued=25:i64 output=26
        state=27 status=28:u32 total_state_change=29:u32 last_ok=30:i64 occurrences=31:i64
        occurrences_watermark=32:i64 silenced=33* hooks=34:Hook* output_metric_format=35 output_metric_handlers=36*
        env_vars=37* metadata=38:ObjectMeta max_output_size=39:i64 discard_output=40:bool secrets=41:SecretReference*
        is_silenced=42:bool output_metric_tags=43:MetricTag* scheduler=44 processed_by=45
        pipelines=46:ResourceReference* output_metric_thresholds=47:MetricThreshold* subdues=48:TimeWindowRepeated*""",
    "CheckConfig": f"""{_CHECK_HEAD} output_metric_format=22 output_metric_handlers=23* env_vars=24*
        metadata=26:ObjectMeta max_output_size=27:i64 discard_output=28:bool secrets=29:SecretReference*
        output_metric_tags=30:MetricTag* pipelines=32:ResourceReference*
        output_metric_thresholds=33:MetricThreshold* subdues=34:TimeWindowRepeated*""",
    "AssetBuild": "url=2 sha512=3 filters=5* headers=9:map",
    "Asset": "url=2 sha512=3 filters=5* builds=6:AssetBuild* metadata=8:ObjectMeta headers=9:map",
    "AssetList": "assets=1:Asset*",
    "CheckRequest": """config=1:CheckConfig assets=2:Asset* hooks=3:HookConfig* issued=4:i64
        hook_assets=5:map/AssetList secrets=6*""",
    "Event": f"entity=2:Entity {_EVENT_AROUND_ENTITY}",
    "EventAroundEntity": f"entity=2:unread {_EVENT_AROUND_ENTITY}",
}

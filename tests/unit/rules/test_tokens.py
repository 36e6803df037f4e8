"""Token substitution."""

import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensu.errors import InvalidResource
from sensu.rules.tokens import entity_config_context, entity_context, substitute

ENTITY: dict[str, Any] = {
    "entity_class": "agent",
    "subscriptions": ["linux", "web"],
    "system": {"os": "linux", "network": {"interfaces": [{"name": "lo", "addresses": ["127.0.0.1/8"]}]}},
    "metadata": {"name": "web1", "namespace": "default", "labels": {"warn": "75", "a.b": "dotted"}},
}
CONTEXT = entity_context(ENTITY)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{{ .name }}/{{ .system.os }}", "web1/linux"),
        ("{{ .labels.warn | default 80 }} {{ .labels.crit | default 90 }}", "75 90"),
        ('{{ index .labels "a.b" }}', "dotted"),
        ('{{ assetPath "sensu/check-cpu" }}', "SENSU_CHECK_CPU_PATH"),
        ("{{ range $i, $s := .subscriptions }}{{ if $i }},{{ end }}{{ $s }}{{ end }}", "linux,web"),
        ("{{ range .subscriptions }}{{ if eq . `web` }}{{ break }}{{ end }}{{ . }}{{ end }}", "linux"),
        ("{{ range .redact }}x{{ else }}none{{ end }}", "none"),
        ("{{ with .labels.nosuch }}x{{ else }}y{{ end }}", "y"),
        ("{{ if and .name (not .deregister) }}1{{ else if .user }}2{{ else }}3{{ end }}", "1"),
        ("{{ $x := 1 }}{{ if .name }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        (
            '{{ printf "%05d|%-4s|%q|%x|%.2f|%v" 42 "ab" "c" "hi" 1.5 .subscriptions }}',
            '00042|ab  |"c"|6869|1.50|[linux web]',
        ),
        ('{{ printf "%d" "x" }}{{ printf "%s" }}', "%!d(string=x)%!s(MISSING)"),
        ("{{ (index .system.network.interfaces 0).name }}", "lo"),
        ("{{ slice .name 1 3 }}{{ len .name }}", "eb4"),
        ('{{ html "<a>" }}{{ js "\'" }}{{ urlquery "a b" }}', "&lt;a&gt;\\'a+b"),
        ("a {{- /* note */ -}} b", "ab"),
        ('{{ define "t" }}[{{ . }}]{{ end }}{{ template "t" .name }}', "[web1]"),
        ('{{ block "t" .name }}<{{ . }}>{{ end }}', "<web1>"),
        ("{{ 0x10 }} {{ 'a' }} {{ 1.0 }} {{ -3 }}", "16 97 1 -3"),
        ('{{ default "only" }}', "only"),
        ("{{ .system.network }}", "map[-:0 interfaces:[map[-:0 addresses:[127.0.0.1/8] mac: name:lo]]]"),
        ("{{ le 1 2 }} {{ ge 1 2 }} {{ ne .name `x` }} {{ eq 3 1 2 3 }}", "true false true true"),
    ],
)
def test_templates(template: str, result: str) -> None:
    """A template gives what Go's templates give for the same entity."""
    assert substitute(template, CONTEXT) == result


DOUBLED = '{{ $x := "aaaaaaaaaaaaaaaa" }}' + "{{ $x = %s }}" * 40
COSTLY = [
    *(DOUBLED.replace("%s", f"{name} $x $x") for name in ("print", "println", "html", "js", "urlquery")),
    DOUBLED.replace("%s", 'printf "%[1]s%[1]s" $x'),
    DOUBLED.replace("%s", 'printf "%s%s" $x $x'),
    DOUBLED.replace("%s", 'printf "%d" $x $x'),
    DOUBLED.replace("%s", "$x | print $x"),
    DOUBLED.replace("%s", "print (print $x $x)"),
    "{{ print " + ". " * 10_000 + "}}",
    "{{ range $.many }}" * 5 + "{{ end }}" * 5,
    "{{ range .many }}{{ break }}{{ end }}" * 800,
    "{{ $x := print .long }}{{ range .many }}{{ $y := html $x }}{{ end }}",
    "{{ range .many }}{{ $y := len $.long }}{{ end }}",
    "{{ range .many }}{{ $y := index $.long 1 }}{{ end }}",
    "{{ range .many }}{{ $y := slice $.long 1 }}{{ end }}",
    "{{ range .many }}{{ $y := eq $.long $.same }}{{ end }}",
    "{{ range .many }}{{ $.long }}{{ end }}",
    "{{ range .many }}{{ $.many }}{{ end }}",
    "{{ range .many }}{{ if and . . . . . . . . . . . . . . . . . . . . . . . . . . }}{{ end }}{{ end }}",
    "{{ range .many }}{{ $z := assetPath $.long }}{{ end }}",
    '{{ range .many }}{{ printf "%999999d" 1 }}{{ end }}',
    '{{ range .many }}{{ printf "%.999999f" 1.5 }}{{ end }}',
    '{{ define "t" }}{{ template "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
    '{{ define "t" }}' + "{{ if 1 }}" * 90 + '{{ template "t" }}' + "{{ end }}" * 91 + '{{ template "t" }}',
    "{{ if 0 }}" + "{{ else if 0 }}" * 800 + "{{ end }}",
    "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
    "{{ 1 }}" * 100_000,
]


@pytest.mark.parametrize("template", COSTLY, ids=range(len(COSTLY)))
def test_costly_templates(template: str) -> None:
    """No template takes more than a moment or much memory, whatever its functions, variables and loops produce."""
    context = {"long": "x" * 50_000, "same": "x" * 50_000, "many": [str(number) for number in range(1_000)]}
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(InvalidResource):
            substitute({"command": template}, context)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 2.0


def test_the_cost_of_a_resource() -> None:
    """All templates of a resource share one allowance: many small ones cannot do what a large one may not."""
    texts = ['{{ $x := printf "%9999d" 1 }}ok'] * 5
    assert substitute(texts, CONTEXT) == ["ok"] * 5
    with pytest.raises(InvalidResource, match="too long"):
        substitute(texts * 5, CONTEXT)


def test_long_texts_with_a_token() -> None:
    """A long script with a few tokens is no costly template."""
    script = "echo {{ .name }}\n" + "true\n" * 100_000
    assert substitute(script, CONTEXT) == script.replace("{{ .name }}", "web1")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ .nosuch }}",
            'command: unmatched token: template: command:1:3: executing "command" at <.nosuch>: map has',
        ),
        ("é\n{{ .a.b }}", 'command: unmatched token: template: command:2:5: executing "command" at <.a.b>'),
        ("<no value>", "command: unmatched token: found an undefined value but could not identify the token"),
        ("{{ .name", "command: could not parse the template: template: command:1: unclosed action"),
        ("{{ nosuch }}", 'command: could not parse the template: template: command:1: function "nosuch" not defined'),
        ("{{ end }}", "command: could not parse the template: template: command:1: unexpected {{end}}"),
        ("{{ if .name }}", "command: could not parse the template: template: command:1: unexpected EOF"),
        ("{{ $x }}", 'command: could not parse the template: template: command:1: undefined variable "$x"'),
        ("{{ len 3 }}", "error calling len: len of type int"),
        ("{{ eq 1 `a` }}", "error calling eq: incompatible types for comparison"),
        ("{{ .name.x }}", "can't evaluate field x in type interface {}"),
        ("{{ len }}", "wrong number of args for len: want 1 got 0"),
        ('{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', "exceeded maximum template depth"),
        ('{{ range .subscriptions }}{{ printf "%999999d%999999d" 1 1 }}{{ end }}', "result is too long"),
    ],
)
def test_messages(template: str, message: str) -> None:
    """A template that fails says where and why, and never makes more text than the bound allows."""
    with pytest.raises(InvalidResource) as refused:
        substitute({"command": template}, CONTEXT)
    assert message in str(refused.value)


def test_every_text_of_an_object_is_a_template() -> None:
    """Lists and maps are gone through, keys and numbers stay."""
    given_check = {
        "command": "x {{ .name }}",
        "interval": 60,
        "env_vars": ["A={{ .name }}"],
        "m": {"{{ .name }}": "{{ .name }}"},
    }
    expected = {"command": "x web1", "interval": 60, "env_vars": ["A=web1"], "m": {"{{ .name }}": "web1"}}
    assert substitute(given_check, CONTEXT) == expected


def test_proxy_requests_see_the_configuration() -> None:
    """On the backend metadata is reachable both ways, the system is not."""
    context = entity_config_context(ENTITY)
    assert substitute("{{ .name }} {{ .metadata.name }}", context) == "web1 web1"
    with pytest.raises(InvalidResource):
        substitute("{{ .system.os }}", context)


PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "if ",
        "end",
        "else",
        "range ",
        ".",
        ".name",
        "$x",
        ":=",
        "|",
        "(",
        ")",
        '"a"',
        "`",
        "1",
        "1.5e",
        "printf ",
        "index ",
        '"%d%[3]*.[2]*[1]f"',
        " ",
        "-",
        "/*",
        "*/",
        "define ",
        "template ",
        "with ",
        "nil",
        "break",
        "'",
        "\n",
        "é",
        ",",
    ]
)


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(PIECES, max_size=14).map("".join),
        st.lists(PIECES, max_size=8).map(lambda p: "{{" + " ".join(p) + "}}"),
    )
)
def test_any_text_is_substituted_or_refused(text: str) -> None:
    """No text ends substitution with anything but a refusal; without braces it stays as it is."""
    try:
        result = substitute(text, CONTEXT)
    except InvalidResource:
        return
    assert isinstance(result, str)
    if "{{" not in text:
        assert result == text


@given(st.text(max_size=30), st.sampled_from("sqvxXdtTeUc%"), st.text("-+# 0", max_size=3), st.integers(0, 30))
def test_printf_takes_anything(value: str, verb: str, flags: str, width: int) -> None:
    """Any verb on any value gives text at least as wide as asked for, or Go's note of the mistake."""
    result = substitute('{{ printf "%' + flags + str(width) + verb + '" .v }}', {"v": value})
    assert len(result) >= width or "%!" in result or verb == "%"

"""A configuration of several files: merged, each key once, and every error in its own file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.configfile.files import Files


def _short(files: Files, text: str) -> str:
    return text.replace(f"{files.folder}/", "")


def _told(files: Files, text: str) -> list[str]:
    return [_short(files, str(problem)) for problem in files.problems(text)]


def test_mappings_are_merged_and_lists_come_after_the_own_ones_in_order(files: Files) -> None:
    files.write("channels: {b: {backend: console}}\nrouting_rules: [{rule_id: b1}, {rule_id: b2}]", "conf.d/20.yaml")
    files.write("server: {data: kept}\nrouting_rules: [{rule_id: a}]", "conf.d/10.yml")
    files.write('[channels.c]\nbackend = "console"\n[[routing_rules]]\nrule_id = "c"', "other.toml")
    loaded = files.load(
        "include: [other.toml, 'conf.d/*.y*ml', nothing/*.yaml]\nchannels: {a: {backend: console}}\n"
        "server: {listen: '[::1]:0'}\nrouting_rules: [{rule_id: own}]"
    )
    assert list(loaded.configuration.channels) == ["a", "c", "b"]
    assert [rule.rule_id for rule in loaded.configuration.routing_rules] == ["own", "c", "a", "b1", "b2"]
    assert loaded.server.listen == "[::1]:0"
    assert loaded.server.data == str(files.folder / "conf.d/kept")
    names = ["tocsin.yaml", "other.toml", "conf.d/10.yml", "conf.d/20.yaml"]
    assert loaded.files == tuple(files.folder / name for name in names)


def test_a_file_names_others_relative_to_itself(files: Files) -> None:
    files.write("include: [deeper/b.yaml]\n", "conf/a.yaml")
    files.write("channels: {b: {backend: webhook, config: {webhook_url: 'file:url'}}}\n", "conf/deeper/b.yaml")
    files.write("https://x.example/", "conf/deeper/url")
    loaded = files.load("include: [conf/a.yaml]")
    assert loaded.configuration.channels["b"].config == {"webhook_url": "https://x.example/"}
    assert loaded.files[-1] == files.folder / "conf/deeper/url"


def test_names_refer_over_files(files: Files) -> None:
    files.write("channels: {ops: {backend: console}}", "channels.yaml")
    files.write("routing_rules: [{target_channels: [opps]}]", "rules.yaml")
    assert _told(files, "include: [channels.yaml, rules.yaml]\ncatch_all_channel: ops") == [
        "rules.yaml:1:36: routing_rules[0].target_channels[0]: no channel is called 'opps'; did you mean 'ops'?"
    ]


def test_the_same_key_twice_names_both_places(files: Files) -> None:
    files.write("channels:\n  ops: {backend: console}\ncatch_all_channel: ops\nserver: {data: x}", "b.yaml")
    text = "include: [b.yaml]\nchannels: {ops: {backend: console}}\ncatch_all_channel: ops\nserver: {data: y}"
    assert _told(files, text) == [
        "b.yaml:2:3: channels.ops: this stands at tocsin.yaml:2:12 already",
        "b.yaml:3:1: catch_all_channel: this stands at tocsin.yaml:3:20 already",
        "b.yaml:4:10: server.data: this stands at tocsin.yaml:4:10 already",
    ]


def test_a_section_that_says_nothing_is_nothing_to_merge(files: Files) -> None:
    files.write("channels: {a: {backend: console}}\nreceivers:\ninclude:\n", "b.yaml")
    loaded = files.load("include: [b.yaml]\nchannels:\nreceivers: {r: [a]}")
    assert list(loaded.configuration.channels) == ["a"]
    assert list(loaded.configuration.receivers) == ["r"]


def test_a_list_and_a_mapping_are_not_merged(files: Files) -> None:
    files.write("channels: {a: {backend: console}}", "b.yaml")
    assert _told(files, "include: [b.yaml]\nchannels: []") == [
        "tocsin.yaml:2:11: channels: expected a mapping, not a list",
        "b.yaml:1:1: channels: this stands at tocsin.yaml:2:11 already",
    ]


def test_cycles_are_told_with_their_way(files: Files) -> None:
    files.write("include: [c.yaml]", "b.yaml")
    files.write("include:\n- tocsin.yaml", "c.yaml")
    assert _told(files, "include: [b.yaml]") == [
        "c.yaml:2:3: include: 'tocsin.yaml' would include itself: tocsin.yaml → b.yaml → c.yaml → tocsin.yaml"
    ]
    assert _told(files, "include: ['t*.yaml']") == [
        "tocsin.yaml:1:11: include: 'tocsin.yaml' would include itself: tocsin.yaml → tocsin.yaml"
    ]


def test_a_file_is_included_once(files: Files) -> None:
    files.write("routing_rules: []", "b.yaml")
    (files.folder / "link.yaml").symlink_to("b.yaml")
    assert _told(files, "include: [b.yaml, link.yaml, ./b.yaml]") == [
        "tocsin.yaml:1:19: include: 'link.yaml' is included already, at tocsin.yaml:1:11",
        "tocsin.yaml:1:30: include: 'b.yaml' is included already, at tocsin.yaml:1:11",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("b.yaml", 'tocsin.yaml:1:10: include: expected a list of files such as ["conf.d/*.yaml"], not a string'),
        ("[5]", "tocsin.yaml:1:11: include[0]: expected the name of a file, a string, not a whole number"),
        ("['']", "tocsin.yaml:1:11: include[0]: the name of a file is not empty"),
        ("['${DIR}/a.yaml']", "tocsin.yaml:1:11: include[0]: a file's name takes no variable; messages name the file"),
        ("[none.yaml]", "tocsin.yaml:1:11: include: the file 'none.yaml' cannot be read: No such file or directory"),
        ("[folder.yaml]", "tocsin.yaml:1:11: include: the file 'folder.yaml' is a directory"),
        (
            "[empty]",
            "tocsin.yaml:1:11: include: the file 'empty' has no ending, and a file's ending tells its format: "
            ".json, .toml, .yaml, .yml",
        ),
        ("[empty.yaml]", "empty.yaml:1:1: the file is empty; `tocsin config init` writes one to begin with"),
        ("[list.yaml]", "list.yaml:1:1: a configuration is a mapping such as {channels: …}, not a list"),
    ],
)
def test_what_cannot_be_included(files: Files, text: str, told: str) -> None:
    (files.folder / "folder.yaml").mkdir()
    files.write("", "empty.yaml")
    files.write("", "empty")
    files.write("[]", "list.yaml")
    assert _told(files, f"include: {text}\n") == [told]


def test_a_name_may_stand_in_a_file_that_cannot_be_read_and_is_not_told_then(files: Files) -> None:
    assert len(files.problems("include: [none.yaml]\ncatch_all_channel: there")) == 1


def test_a_long_row_of_files_ends(files: Files) -> None:
    for number in range(40):
        files.write(f"include: [f{number + 1}.yaml]", f"f{number}.yaml")
    (told,) = _told(files, "include: [f0.yaml]")
    assert told == "f19.yaml:1:11: include: files include one another at most 20 deep"


def test_a_name_that_the_shell_would_expand_matches_nothing_hidden(files: Files) -> None:
    files.write("nonsense", ".b.yaml")
    assert files.load("include: ['conf/**/*.yaml', '?.yaml']").files == (Path(files.folder / "tocsin.yaml"),)


def test_merge_keys_and_anchors_stay_in_their_file(files: Files) -> None:
    files.write("channels: {b: *a}", "b.yaml")
    (told,) = _told(files, "channels: {a: &a {backend: console}}\ninclude: [b.yaml]")
    assert told == "b.yaml:1:15: *a names nothing that stands above it as &a"

"""YAML as plain data, with the line of everything: no tags, no anchors, no key twice, errors in one line."""

import yaml

LARGEST = 1_000_000  # characters
DEEPEST = 20


class YamlRefused(ValueError):
    """What is wrong, and where."""


def load(text, name):
    """The data in `text`, and the line of each path in it, such as () for all or ("methods", 0)."""
    if len(text) > LARGEST:
        raise YamlRefused(f"{name}: {len(text):,} characters; allowed are {LARGEST:,}.")
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        _refuse_anchors(text, name)
        node = loader.get_single_node()
        lines = {}
        return (None if node is None else _build(loader, node, (), lines, name)), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        raise YamlRefused(f"{name}, {where}: no YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, YamlRefused):
            raise
        raise YamlRefused(f"{name}: no YAML: {' '.join(str(error).split())}.") from None
    except RecursionError:
        raise YamlRefused(f"{name}: nested too deeply; allowed are {DEEPEST} levels.") from None
    finally:
        if loader:
            loader.dispose()


def _refuse_anchors(text, name):
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
            line = token.start_mark.line + 1
            raise YamlRefused(
                f"{name}, line {line}: anchors, aliases and tags are not allowed; write values out."
            )


def _build(loader, node, path, lines, name):
    lines[path] = line = node.start_mark.line + 1
    if len(path) > DEEPEST:
        raise YamlRefused(f"{name}, line {line}: nested too deeply; allowed are {DEEPEST} levels.")
    if isinstance(node, yaml.MappingNode):
        found = {}
        for key_node, value in node.value:
            key = key_node.value  # as written: a language `no` stays a text
            if not isinstance(key, str):
                raise YamlRefused(f"{name}, line {key_node.start_mark.line + 1}: a key must be a text.")
            if key in found:
                again = key_node.start_mark.line + 1
                raise YamlRefused(f"{name}, line {again}: the key {key!r} stands there twice; keep one.")
            found[key] = _build(loader, value, (*path, key), lines, name)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_build(loader, one, (*path, i), lines, name) for i, one in enumerate(node.value)]
    return loader.construct_object(node)


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks, so that people can read them and see what changed."""


def _text(dumper, text):
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def dump(data):
    """`data` as text, always the same for the same data: keys as given, UTF-8, no line broken."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31)

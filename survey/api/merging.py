"""JSON merge patches (RFC 7396): what is given replaces, what is null goes, the rest stays."""

# Of the study file, where null is a value: any number of participants is not the default number of them.
NULL_IS_A_VALUE = {"replicates", "shown", "wanted", "pay"}


def merged(document, patch):
    """`document` with `patch` applied; neither changes."""
    if not isinstance(patch, dict):
        return patch
    found = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None and key not in NULL_IS_A_VALUE:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found

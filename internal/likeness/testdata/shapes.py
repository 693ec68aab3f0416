"""Compares the shapes of two answers: their keys and types, by the API model.

A list has the shape of all its elements together. A difference is a list of
[place, here, there]: the place is a structure of the model and one of its
members, and here and there say what is there, "none" where nothing is.
"""

NONE = "none"


def compare(shape, here, there, out):
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            place = f"{shape.name}.{name}"
            a, b = gather(here, name), gather(there, name)
            if a and b:
                compare_values(place, member, a, b, out)
            elif a or b:
                kind = member.type_name
                out.add((place, kind if a else NONE, kind if b else NONE))


def gather(structures, name):
    """The values of a member in all structures that have it."""
    return [s[name] for s in structures if s.get(name) is not None]


def compare_values(place, shape, here, there, out):
    if shape.type_name == "list":
        a, b = [e for v in here for e in v], [e for v in there for e in v]
        if not a and not b:
            return
        if not a or not b:
            out.add((place, "list" if a else "empty list", "list" if b else "empty list"))
            return
        compare_values(place, shape.member, a, b, out)
    elif shape.type_name == "map":
        a, b = [e for v in here for e in v.values()], [e for v in there for e in v.values()]
        if a and b:
            compare_values(place, shape.value, a, b, out)
        elif a or b:
            out.add((place, "map" if a else "empty map", "map" if b else "empty map"))
    elif shape.type_name == "structure":
        compare(shape, here, there, out)
    else:
        a, b = {type(v).__name__ for v in here}, {type(v).__name__ for v in there}
        if a != b:
            out.add((place, "/".join(sorted(a)), "/".join(sorted(b))))

"""Decides whether what changed since a baseline runs plugins built then.

Additions at the end of a struct do, and new structs and constants. Everything
else breaks. abidiff's report is read line by line, and what is not known to be
an addition is a break.
"""

import re

STRUCT = re.compile(r"^(?: *underlying type )?'struct (\w+)' changed:$")
GREW = re.compile(r"^ +type size changed from (\d+) to (\d+) \(in bits\)$")
INSERTIONS = re.compile(r"^ +\d+ data member insertions?:$")
INSERTED = re.compile(r"^ +'.*', at offset (\d+) \(in bits\)$")
# An ELF note's header says how long the description at its end is.
NOTE = "cluster_plugin_note"
NOTE_GREW = re.compile(
    r"^ +(there are data member changes:|type 'typedef cluster_plugin_note_desc'"
    r" of 'cluster_plugin_note::desc' changed:)$")
EARLIER = re.compile(r"^  details were reported earlier$")
SUMMARY = re.compile(
    r"^(Leaf changes summary: \d+ artifacts? changed( \(.*\))?"
    r"|Changed leaf types summary: \d+( \(.*\))? leaf types? changed( \(.*\))?"
    r"|Removed/Changed/Added functions summary: 0 Removed, 0 Changed, 0 Added "
    r"functions?( \(\d+ filtered out\))?"
    r"|Removed/Changed/Added variables summary: 0 Removed, 0 Changed, 0 Added "
    r"variables?( \(\d+ filtered out\))?)$")

# These say which ABI the headers are of; they change with it.
VERSION = {"CLUSTER_ABI_MINOR", "CLUSTER_ABI_OLDEST_MINOR"}


def breaks_in_structs(report, growable):
    """Returns the lines of abidiff's report that are no additions.

    `growable` are the structs that say their size, so that a reader knows what
    is there; only these may grow.
    """
    breaks = []
    struct, old_size = "", 0
    for line in report.splitlines():
        named, grew, inserted = (pattern.match(line)
                                 for pattern in (STRUCT, GREW, INSERTED))
        if named:
            struct, old_size = named.group(1), None
            fine = struct in growable or struct == NOTE
        elif grew:
            old_size = int(grew.group(1))
            fine = int(grew.group(2)) > old_size
        elif inserted:
            # Behind the description nothing finds a place.
            fine = (struct != NOTE and old_size is not None
                    and int(inserted.group(1)) >= old_size)
        else:
            fine = (not line.strip() or INSERTIONS.match(line)
                    or SUMMARY.match(line) or EARLIER.match(line)
                    or struct == NOTE and NOTE_GREW.match(line))
        if not fine:
            breaks.append(f"{struct}: {line.strip()}")
    return breaks


def breaks_in_constants(old, new):
    """Returns a line for each constant of `old` that `new` has not, or has
    with another value."""
    return [f"{name} was {value}, is {new.get(name, 'gone')}"
            for name, value in sorted(old.items())
            if name not in VERSION and new.get(name) != value]

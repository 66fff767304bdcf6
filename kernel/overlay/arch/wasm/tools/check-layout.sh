#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-layout.sh MAP HEAD_C: is the image laid out as kernel/head.c says?
#
# wasm-ld follows no linker script, so head.c, linked first, marks where each
# section starts and ends. In the link map MAP this must show as:
# - in every segment with a marker, the marker's chunk comes first;
# - the markers behind .data lie in the order in which HEAD_C names them;
# - data starts at 64 KiB: lower numbers are function numbers.

map=$1
head_c=$2

awk -v head_c="$head_c" '
function complain(text)
{
	print "check-layout: " text > "/dev/stderr"
	failed = 1
}

function hex(digits,    value, i)
{
	value = 0
	for (i = 1; i <= length(digits); i++)
		value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
	return value
}

# A line has an address ("-" for code), an offset, a size, and a name in one of
# three columns: a segment, a part of an object, or a symbol.
NR == 1 {
	segment_column = index($0, "Out")
	part_column = index($0, "In")
	next
}

$1 !~ /^[0-9a-f]+$/ || $4 == "" {
	in_head = 0
	next
}

{
	match($0, /^ *[0-9a-f]+ +[0-9a-f]+ +[0-9a-f]+ +/)
	column = RLENGTH + 1
}

column == segment_column {
	segment = $4
	parts = 0
	if (segment ~ /^\./ && (!lowest || hex($1) < lowest))
		lowest = hex($1)
	next
}

column == part_column {
	parts++
	in_head = $4 ~ /arch\/wasm\/kernel\/head\.o/
	if (in_head && !(segment in marked)) {
		marked[segment] = 1
		if (parts > 1)
			complain("the marker of " segment " is not first in it")
	}
	next
}

in_head {
	at[$4] = hex($1)
}

END {
	if (lowest != 65536)
		complain("data starts at " lowest ", not at 65536")
	while ((getline line < head_c) > 0) {
		if (line !~ /^MARKER\(/)
			continue
		split(line, part, /[(,") ]+/)
		name = part[2]
		section = part[3]
		if (section == ".rodata" || section == ".data" || section == ".bss")
			continue
		if (!(name in at)) {
			complain("marker " name " is not in the map")
			continue
		}
		if (at[name] < last)
			complain("marker " name " lies before " last_name)
		last = at[name]
		last_name = name
		seen++
	}
	if (seen < 10)
		complain("only " seen + 0 " markers found in " head_c)
	exit failed
}
' "$map"

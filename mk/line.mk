# SPDX-License-Identifier: Apache-2.0
# What is particular to lib/line: the table of widths, made from Debian's character database, and
# the terminal that its property test draws on.

UNICODE := /usr/share/unicode
$(WIDTH_TABLE_C): tools/unicode/width.py $(UNICODE)/UnicodeData.txt $(UNICODE)/EastAsianWidth.txt
	$(call say,WIDTH,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) -B $< $(UNICODE) > $@

also_tests/property/line_test := -lvterm

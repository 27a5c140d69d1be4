/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The pieces that SA and policy listings have in common, as `ip xfrm` prints them. */

#include "cli/args.h"
#include "cli/print.h"

/* Ends a line: with -o a backslash instead. */
const char *line_end(const struct printer *p);
/* end_message - with -o the real end of a line; then out with it. */
void end_message(const struct printer *p);
/* address_text - into @buf (INET6_ADDRSTRLEN), returned. */
const char *address_text(int family, const union uxfrm_ip *a, char *buf);
const char *time_text(uint64_t seconds, char *buf, size_t size);

struct id_line {
	const struct uxfrm_sa_id *id;
	uint32_t reqid;
	uint8_t mode;
	bool always_spi;
};
/* print_id - two lines: addresses; protocol, SPI, reqid, mode. @prefix starts each, @title the
 * first. */
void print_id(const struct printer *p, const struct id_line *line, const char *prefix,
	      const char *title);
void print_selector(const struct printer *p, const struct uxfrm_selector *sel, uint16_t family,
		    const char *prefix);
/* selector_is_empty - nothing in it is set. */
bool selector_is_empty(const struct uxfrm_selector *sel);
void print_limits(const struct printer *p, const struct uxfrm_limits *limits, const char *prefix);
void print_usage(const struct printer *p, const struct uxfrm_usage *usage, const char *prefix);
/* print_attributes - mark, algorithms, encapsulation, templates, replay state... in ip's order. */
void print_attributes(const struct printer *p, const struct uxfrm_attributes *attrs,
		      uint16_t family, const char *prefix);
/* print_flags - the names of the bits, a space between them. */
void print_flags(const struct printer *p, uint32_t flags, const struct flag_name *names);
const char *mask8_text(uint8_t mask, char buf[9]);

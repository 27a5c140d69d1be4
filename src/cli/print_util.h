/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The pieces that SA and policy listings have in common, as `ip xfrm` prints them. */

#include "cli/cli.h"
#include "wire/attrs.h"

/* Ends a line: with -o a backslash instead. */
const char *line_end(const struct printer *p);
/* address_text - into @buf (INET6_ADDRSTRLEN), returned. */
const char *address_text(int family, const xfrm_address_t *a, char *buf);
const char *time_text(uint64_t seconds, char *buf, size_t size);

struct id_line {
	const xfrm_address_t *saddr;
	const struct xfrm_id *id;
	uint8_t mode;
	uint32_t reqid;
	uint16_t family;
	bool always_spi;
};
/* print_id - two lines: addresses; protocol, SPI, reqid, mode. @prefix starts each, @title the
 * first. */
void print_id(const struct printer *p, const struct id_line *line, const char *prefix,
	      const char *title);
void print_selector(const struct printer *p, const struct xfrm_selector *sel, uint16_t family,
		    const char *prefix);
void print_limits(const struct printer *p, const struct xfrm_lifetime_cfg *limits,
		  const char *prefix);
void print_lifetime(const struct printer *p, const struct xfrm_lifetime_cur *now,
		    const char *prefix);
/* print_attributes - mark, algorithms, encapsulation, templates, replay state... in ip's order. */
void print_attributes(const struct printer *p, const struct ux_attrs *attrs, uint16_t family,
		      const char *prefix);
/* print_flags - the names of the bits, a space between them. */
void print_flags(const struct printer *p, uint32_t flags, const struct flag_name *names);
const char *mask8_text(uint8_t mask, char buf[9]);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* Answers and events as text (as `ip xfrm` prints them) or as JSON (described in docs/json.md;
 * never a key). */

#include <stdio.h>

#include <jansson.h>
#include <uxfrm/message.h>

/* How things are printed. */
struct printer {
	FILE *out;
	int stats; /* -s: how often */
	bool one_line, no_keys;
	int family; /* of addresses that do not say theirs */
};

/* print_any - any answer or event; of an unknown type, a line on standard error that says so. */
void print_any(const struct printer *p, const struct uxfrm_message *m);

/* json_message - the same as an object; NULL for types without a form. Returns owned. */
json_t *json_message(const struct uxfrm_message *m);

/* The parts of it. */
void print_sa(const struct printer *p, const struct uxfrm_message *m);
void print_policy(const struct printer *p, const struct uxfrm_message *m);
/* print_policy_lines - one policy; @attrs are not always its own; @title before its selector. */
void print_policy_lines(const struct printer *p, const struct uxfrm_policy *policy,
			const struct uxfrm_attributes *attrs, const char *prefix,
			const char *title);
void print_sa_moved(const struct printer *p, const struct uxfrm_message *m);
void print_policy_moved(const struct printer *p, const struct uxfrm_message *m);
/* The lines of both events about encapsulation and offload; @flags are those of struct
 * uxfrm_sa_move. */
void print_new_encap(const struct printer *p, const struct uxfrm_attributes *attrs,
		     uint16_t family);
void print_new_offload(const struct printer *p, const struct uxfrm_attributes *attrs,
		       uint32_t flags);

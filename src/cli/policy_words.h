/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The words of all policy commands; each command takes those it knows. */

#include "cli/args.h"

#define TEMPLATES_MAX 16 /* more than any kernel takes: it says so itself */

struct policy_words {
	struct uxfrm_policy policy;
	bool has_sel, has_dir, has_index, has_ptype, has_action, has_priority, has_if_id;
	bool has_context, no_socket;
	struct uxfrm_template templates[TEMPLATES_MAX];
	size_t template_count;
};

/*
 * parse_filter_word - dir, index, ptype of a filter. parse_place_word - those of one policy, each
 * once. parse_label_word - mark, if_id, ctx. parse_property_word - what it is. parse_selector_once
 * - for a command whose last alternative is a selector: takes it, or ends the program with what ip
 * says of a word it does not know; @again: in which it takes that word for a second selector.
 */
bool parse_filter_word(struct args *a, struct policy_words *w);
bool parse_place_word(struct args *a, struct policy_words *w);
bool parse_label_word(struct args *a, struct policy_words *w);
void parse_selector_once(struct args *a, struct policy_words *w, bool again);
bool parse_property_word(struct args *a, struct policy_words *w);
/* settle_name - where no address says the family; and the attributes that belong to the name. */
void settle_name(const struct args *a, struct policy_words *w);

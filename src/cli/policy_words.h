/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* The words of all policy commands; each command takes those it knows. */

#include "cli/args.h"

#define TEMPLATES_MAX 16 /* more than any kernel takes: it says so itself */

struct policy_words {
	struct uxfrm_policy policy;
	bool has_sel, has_dir, has_index, has_ptype, has_action, has_priority, has_mark, has_if_id;
	bool has_context, no_socket;
	struct uxfrm_template templates[TEMPLATES_MAX];
	size_t template_count;
};

/* parse_name_word - the words by which a policy is named. parse_property_word - those of what it
 * is. */
bool parse_name_word(struct args *a, struct policy_words *w);
bool parse_property_word(struct args *a, struct policy_words *w);
/* settle_name - where no address says the family; and the attributes that belong to the name. */
void settle_name(const struct args *a, struct policy_words *w);

/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Whole messages as text (as `ip xfrm` prints them) or as JSON (names from the message layouts;
 * never a key). A message that is shorter than its type demands is reported on standard error and
 * gives -1.
 */

#include <jansson.h>

#include "cli/cli.h"

/* print_sa - NEWSA, UPDSA, DELSA, EXPIRE. print_policy - NEWPOLICY, UPDPOLICY, DELPOLICY,
 * POLEXPIRE. */
int print_sa(const struct printer *p, const struct nlmsghdr *msg);
int print_policy(const struct printer *p, const struct nlmsghdr *msg);
/* print_policy_lines - one policy: @attrs of its message; @title before its selector. */
struct ux_attrs;
void print_policy_lines(const struct printer *p, const struct xfrm_userpolicy_info *info,
			const struct ux_attrs *attrs, const char *prefix, const char *title);
/* print_migrate_state - XFRM_MSG_MIGRATE_STATE as an event. */
int print_migrate_state(const struct printer *p, const struct nlmsghdr *msg);

/* print_migrate - XFRM_MSG_MIGRATE as an event. */
int print_migrate(const struct printer *p, const struct nlmsghdr *msg);
/* The lines of both events about encapsulation and offload; @flags are those of MIGRATE_STATE. */
void print_new_encap(const struct printer *p, const struct nlattr *a, uint16_t family);
void print_new_offload(const struct printer *p, const struct nlattr *a, uint32_t flags);
/* next_migrate_entry - the event of XFRM_MSG_MIGRATE has an attribute for each entry: the one at
 * *at (0 at first) or behind it. False: no more. */
bool next_migrate_entry(const struct nlmsghdr *msg, size_t *at,
			struct xfrm_user_migrate *ret_entry);

/* json_message - any of the above as an object; NULL for types without a form. Returns owned. */
json_t *json_message(const struct nlmsghdr *msg);

/* message_info - the fixed header of the type and the attributes behind it, lengths checked; -1 if
 * too short. For DELSA and DELPOLICY the information is in an attribute: found here. */
struct sa_view {
	struct xfrm_usersa_info info;
	struct ux_attrs *attrs;
	bool hard; /* EXPIRE */
};
struct policy_view {
	struct xfrm_userpolicy_info info;
	struct ux_attrs *attrs;
	bool hard; /* POLEXPIRE */
};
int view_sa(const struct nlmsghdr *msg, struct sa_view *ret_view);
int view_policy(const struct nlmsghdr *msg, struct policy_view *ret_view);

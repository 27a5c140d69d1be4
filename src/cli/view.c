/* SPDX-License-Identifier: BSD-2-Clause */

/* Messages of one kind come with different fixed headers: here they become one view. */

#include <string.h>

#include "cli/print.h"
#include "wire/attrs.h"

static int parse(const struct nlmsghdr *msg, size_t header_len, struct ux_attrs *attrs)
{
	struct ux_ext_ack ext = {0};

	if (msg->nlmsg_len < NLMSG_HDRLEN + header_len ||
	    ux_attrs_parse(msg, header_len, attrs, &ext) < 0) {
		fprintf(stderr, "BUG: wrong nlmsg len %u\n", msg->nlmsg_len);
		return -1;
	}
	return 0;
}

static int from_attribute(const struct nlattr *a, void *info, size_t size, const char *complaint)
{
	if (!a || ux_attr_len(a) < size) {
		fprintf(stderr, "%s\n", complaint);
		return -1;
	}
	memcpy(info, ux_attr_data(a), size);
	return 0;
}

int view_sa(const struct nlmsghdr *msg, struct sa_view *ret_view)
{
	const uint8_t *header = (const uint8_t *)msg + NLMSG_HDRLEN;
	struct xfrm_user_expire expire;

	switch (msg->nlmsg_type) {
	case XFRM_MSG_DELSA:
		if (parse(msg, sizeof(struct xfrm_usersa_id), ret_view->attrs) < 0)
			return -1;
		return from_attribute(ret_view->attrs->tb[XFRMA_SA], &ret_view->info,
				      sizeof(ret_view->info), "Buggy XFRM_MSG_DELSA: no XFRMA_SA");
	case XFRM_MSG_EXPIRE:
		if (parse(msg, sizeof(expire), ret_view->attrs) < 0)
			return -1;
		memcpy(&expire, header, sizeof(expire));
		ret_view->info = expire.state;
		ret_view->hard = expire.hard;
		return 0;
	default:
		if (parse(msg, sizeof(ret_view->info), ret_view->attrs) < 0)
			return -1;
		memcpy(&ret_view->info, header, sizeof(ret_view->info));
		return 0;
	}
}

int view_policy(const struct nlmsghdr *msg, struct policy_view *ret_view)
{
	const uint8_t *header = (const uint8_t *)msg + NLMSG_HDRLEN;
	struct xfrm_user_polexpire expire;

	switch (msg->nlmsg_type) {
	case XFRM_MSG_DELPOLICY:
		if (parse(msg, sizeof(struct xfrm_userpolicy_id), ret_view->attrs) < 0)
			return -1;
		return from_attribute(ret_view->attrs->tb[XFRMA_POLICY], &ret_view->info,
				      sizeof(ret_view->info),
				      "Buggy XFRM_MSG_DELPOLICY: no XFRMA_POLICY");
	case XFRM_MSG_POLEXPIRE:
		if (parse(msg, sizeof(expire), ret_view->attrs) < 0)
			return -1;
		memcpy(&expire, header, sizeof(expire));
		ret_view->info = expire.pol;
		ret_view->hard = expire.hard;
		return 0;
	default:
		if (parse(msg, sizeof(ret_view->info), ret_view->attrs) < 0)
			return -1;
		memcpy(&ret_view->info, header, sizeof(ret_view->info));
		return 0;
	}
}

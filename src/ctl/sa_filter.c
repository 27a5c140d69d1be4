/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/sa_filter.h"

#include "ctl/sa_change.h"

bool ux_sa_filter_is_sound(const struct ux_sa_filter *f)
{
	return f->prefixlen_s <= 128 && f->prefixlen_d <= 128;
}

bool ux_sa_filter_wants(const struct ux_sa_filter *f, const struct ux_sa *sa)
{
	if (!ux_sa_proto_wanted(sa->id.proto, f->proto))
		return false;
	if ((f->family == AF_INET || f->family == AF_INET6) && f->family != sa->id.family)
		return false;
	return ux_addr_match_prefix(&sa->saddr, &f->saddr, f->prefixlen_s) &&
	       ux_addr_match_prefix(&sa->id.daddr, &f->daddr, f->prefixlen_d);
}

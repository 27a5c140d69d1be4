/* SPDX-License-Identifier: BSD-2-Clause */

#include "ipsec/sub_policy.h"

#include <netinet/in.h>

/* Linux: __xfrm6_state_sort_cmp, __xfrm6_tmpl_sort_cmp */
static int sa_class(const struct ux_sa *sa)
{
	if (sa->mode == UX_MODE_TRANSPORT)
		return sa->id.proto == IPPROTO_AH ? 2 : 1;
	return 3;
}

static int template_class(const struct ux_template *t)
{
	return t->mode == UX_MODE_TRANSPORT ? 1 : 3;
}

void ux_sub_policy_sort(struct ux_sa **bundle, unsigned int n, uint16_t family)
{
	for (unsigned int i = 1; i < n && family == AF_INET6; i++) {
		struct ux_sa *sa = bundle[i];
		unsigned int at = i;

		for (; at > 0 && sa_class(bundle[at - 1]) > sa_class(sa); at--)
			bundle[at] = bundle[at - 1];
		bundle[at] = sa;
	}
}

static void add(struct ux_wanted_templates *list, const struct ux_template *t, bool sorted)
{
	unsigned int at = list->n++;

	for (; sorted && at > 0 && template_class(list->at[at - 1]) > template_class(t); at--)
		list->at[at] = list->at[at - 1];
	list->at[at] = t;
}

bool ux_sub_policy_templates(const struct ux_policy *policy, const struct ux_policy *beside,
			     uint16_t family, struct ux_wanted_templates *ret)
{
	const bool sorted = beside && family == AF_INET6;

	ret->n = 0;
	if (policy->n_templates + (beside ? beside->n_templates : 0) > UX_TEMPLATES_MAX)
		return false;
	for (unsigned int i = 0; i < policy->n_templates; i++)
		add(ret, &policy->templates[i], sorted);
	for (unsigned int i = 0; beside && i < beside->n_templates; i++)
		add(ret, &beside->templates[i], sorted);
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/policy.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/instance.h"
#include "core/lifetime.h"

/* Where the templates begin; with one of them the object fills five cache lines. */
_Static_assert(sizeof(struct ux_policy) + sizeof(struct ux_template) == 320, "policies are many");

static size_t size_with(unsigned int n_templates)
{
	return sizeof(struct ux_policy) + n_templates * sizeof(struct ux_template);
}

void ux_policy_slabs_init(struct ux_slab slabs[UX_TEMPLATES_MAX + 1])
{
	for (unsigned int n = 0; n <= UX_TEMPLATES_MAX; n++)
		ux_slab_init(&slabs[n], size_with(n));
}

void ux_policy_slabs_fini(struct ux_slab slabs[UX_TEMPLATES_MAX + 1])
{
	for (unsigned int n = 0; n <= UX_TEMPLATES_MAX; n++)
		ux_slab_fini(&slabs[n]);
}

struct ux_policy *ux_policy_new(struct uxfrm *u, unsigned int n_templates)
{
	struct ux_policy *p = ux_slab_get(&u->policy_slabs[n_templates]);

	if (!p)
		return NULL;
	memset(p, 0, size_with(n_templates));
	p->n_templates = (uint8_t)n_templates;
	p->instance = u;
	return p;
}

int ux_policy_set_limits(struct ux_policy *policy, const struct ux_limits *limits)
{
	const struct ux_limits *held = ux_limits_hold(&policy->instance->limits, limits);

	if (!held)
		return -ENOMEM;
	ux_shared_release(policy->limits);
	policy->limits = held;
	return ux_lifetime_prepare_policy(policy);
}

void ux_policy_set_label(struct ux_policy *policy, const struct ux_label *label)
{
	ux_shared_release(policy->label);
	policy->label = label;
	policy->labelled = label != NULL;
}

struct ux_policy *ux_policy_clone(const struct ux_policy *policy)
{
	const size_t from = offsetof(struct ux_policy, seq);
	const size_t to = offsetof(struct ux_policy, bytes);
	struct ux_policy *p = ux_policy_new(policy->instance, policy->n_templates);

	if (!p)
		return NULL;
	memcpy((char *)p + from, (const char *)policy + from, to - from);
	memcpy(p->templates, policy->templates, p->n_templates * sizeof(p->templates[0]));
	(void)ux_shared_hold_again(p->limits);
	(void)ux_shared_hold_again(p->label);
	return p;
}

void ux_policy_free(struct ux_policy *policy)
{
	if (!policy)
		return;
	ux_shared_release(policy->limits);
	ux_shared_release(policy->label);
	free(policy->timer);
	ux_slab_put(&policy->instance->policy_slabs[policy->n_templates], policy);
}
